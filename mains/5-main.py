#!/usr/bin/env python3
"""Trains the contractive autoencoder and draws how little its codes move.

Trains the vanilla one, too, and prints how far noise of a standard deviation
of 0.3 moves the codes of both, compared with their spread. The picture shows
each one's codes divided by its largest number.
"""
from lab import command_line


def main():
    """Loads, trains, compares, draws."""
    args = command_line.parse(__doc__, "5-contractive")
    from lab import figures, training
    from lab.data import corruption, datasets
    from lab.page import report

    data = datasets.load(**args.data)
    for run in training.trained(args, data):
        print("Training 0-vanilla to compare with")
        plain = training.train(args, run.folder / "0-vanilla", data,
                               args.builder(data.shape, "0-vanilla"))
        moved, plain_moved = (
            each.model.movement(run.test, 0.3) for each in (run, plain))
        print(f"Noise moves the codes by {moved:.1%} of their spread, "
              f"0-vanilla's by {plain_moved:.1%}")
        run.record(code_movement=moved, vanilla_code_movement=plain_moved)
        images = run.first(10)
        noisy = corruption.corrupted(images, 0.3)
        codes = {}
        for name, each in ("", run), ("vanilla ", plain):
            code, moved = each.model.code(images), each.model.code(noisy)
            most = max(code.max(), moved.max()) or 1
            code, moved = code / most, moved / most
            codes |= {f"{name}code": code, f"{name}code, noisy": moved,
                      f"{name}change": abs(moved - code)}
        figures.rows(run, "codes.png", {
            "image": images, "noisy": noisy, **codes
        }, "code_movement", "vanilla_code_movement", codes=codes)
        figures.reconstructions(run)
        figures.losses(run)
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
