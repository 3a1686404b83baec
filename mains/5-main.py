#!/usr/bin/env python3
"""Trains the contractive autoencoder and draws how little its codes move.

Trains the vanilla one beside it, and prints how far noise of a standard
deviation of 0.3 moves the codes of both, as a share of their spread.
"""
from lab import command_line


def main():
    """Loads, builds, trains, reports, draws."""
    args = command_line.parse(
        __doc__, "5-contractive", hidden=[128, 64], latent=32, lambtha=1e-5)
    from lab import datasets, evaluation, figures, training
    autoencoder = __import__(args.module).autoencoder
    vanilla = __import__("0-vanilla").autoencoder

    data = datasets.load(args.dataset, args.limit)

    def build():
        return autoencoder(
            data.size, args.hidden, args.latent, args.lambtha)

    def build_vanilla():
        return vanilla(data.size, args.hidden, args.latent)

    for run in training.runs(args, data, build):
        print("Training 0-vanilla to compare with")
        plain = training.train(args, run.folder / "0-vanilla", data,
                               build_vanilla, run.batches, run.test)
        moved, plain_moved = (
            evaluation.movement(each, 0.3) for each in (run, plain))
        print(f"Noise moves the codes by {moved:.1%} of their spread, "
              f"0-vanilla's by {plain_moved:.1%}")
        run.record(code_movement=moved, vanilla_code_movement=plain_moved)
        images = run.first(10)
        noisy = evaluation.corrupted(images, 0.3)
        figures.rows(
            run, "codes.png", {
                "image": images, "code": run.encode(images)[0],
                "vanilla code": plain.encode(images)[0],
                "noisy twin": noisy, "its code": run.encode(noisy)[0],
                "its v. code": plain.encode(noisy)[0],
            }, "code_movement", "vanilla_code_movement")
        figures.reconstructions(run)
        figures.losses(run)
    figures.show()


if __name__ == "__main__":
    command_line.start(main)
