#!/usr/bin/env python3
"""Trains the models of docs/concepts.md; draws its pictures and figures.

    AUTOENCODERS_DATA=folder ./benchmarks/concepts.py [PART ...]

Models that are in runs/concepts already are not trained again.
"""
import argparse

import lesson_codes as codes
import lesson_generation as generation
import lesson_layers as layers
import pages
import trained

PARTS = {
    "diagram": (layers.diagram, []),
    "data": (layers.sheet, []),
    "simple-and-deep": (layers.simple_and_deep, [
        "simple", "deep", "simple-fashion", "deep-fashion"]),
    "features": (layers.features, ["deep"]),
    "compression": (codes.compression, ["deep"]),
    "losses": (codes.losses, ["deep"]),
    "sparsity": (codes.sparsity, ["sparse-deep", *(
        f"sparse-{weight}" for weight in trained.SPARSE)]),
    "copying": (codes.copying, ["simple", "complete", "overcomplete"]),
    "gaussians": (generation.gaussians, ["variational-2"]),
    "paths": (generation.paths, ["variational"]),
    "samples": (generation.samples, ["deep", "variational"]),
    "planes": (codes.planes, ["deep", "vanilla-2", "variational-2"]),
    "photographs": (layers.photographs, ["photographs"]),
    "pooling": (layers.pooling, ["convolutional"]),
    "modules": (layers.modules, [
        "deep", "sparse-1e-5", "convolutional", "variational", "denoising",
        "contractive"]),
}


def main():
    """Trains what the parts need, and draws them."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART",
                        choices=[[], *PARTS], help=f"of {', '.join(PARTS)}")
    args = parser.parse_args()
    trained.prepare()
    for part in args.parts or PARTS:
        draw, names = PARTS[part]
        for name in names:
            trained.train(name)
        print(f"Drawing {part}", flush=True)
        draw()
    pages.write()


if __name__ == "__main__":
    main()
