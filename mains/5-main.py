#!/usr/bin/env python3
"""Trains the contractive autoencoder and draws how little its codes move.

Trains the vanilla one beside it, and prints how far noise of a standard
deviation of 0.3 moves the codes of both, as a share of their spread. The
picture shows each one's codes as shares of its largest number.
"""
from lab import command_line


def main():
    """Loads, builds, trains, reports, draws."""
    args = command_line.parse(
        __doc__, "5-contractive", hidden=[128, 64], latent=32, lambtha=1e-5)
    from lab import (
        building,
        corruption,
        datasets,
        evaluation,
        figures,
        report,
        training,
    )

    data = datasets.chosen(args)
    build = building.builder(args, data)
    build_vanilla = building.builder(args, data, "0-vanilla")
    for run in training.trained(args, data, build):
        print("Training 0-vanilla to compare with")
        plain = training.train(args, run.folder / "0-vanilla", data,
                               build_vanilla, run.batches, run.test)
        moved, plain_moved = (
            evaluation.movement(each, 0.3) for each in (run, plain))
        print(f"Noise moves the codes by {moved:.1%} of their spread, "
              f"0-vanilla's by {plain_moved:.1%}")
        run.record(code_movement=moved, vanilla_code_movement=plain_moved)
        images = run.first(10)
        noisy = corruption.corrupted(images, 0.3)
        codes = {}
        for name, each in ("", run), ("vanilla ", plain):
            code, twin = each.code(images), each.code(noisy)
            most = max(code.max(), twin.max()) or 1
            code, twin = code / most, twin / most
            codes |= {f"{name}code": code, f"{name}code, noisy": twin,
                      f"{name}change": abs(twin - code)}
        figures.rows(run, "codes.png", {
            "image": images, "noisy": noisy, **codes
        }, "code_movement", "vanilla_code_movement", codes=codes)
        figures.reconstructions(run)
        figures.losses(run)
        report.write(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
