#!/usr/bin/env python3
"""Trains the models of docs/concepts.md; draws its pictures; fills its tables.

    AUTOENCODERS_DATA=folder ./benchmarks/concepts.py [PART ...]

Models that are in runs/concepts already are not trained again.
"""
import argparse

import lesson_codes as codes
import lesson_generation as generation
import lesson_layers as layers
import pages
import trained

TABLE = pages.DOCS / "concepts.csv"
# What draws a part, the models that it needs, and the metrics that it gives.
PARTS = {
    "diagram": (layers.diagram, [], [
        f"weights of {name}" for name in ("vanilla", "convolutional")]),
    "data": (layers.sheet, [], []),
    "simple-and-deep": (layers.simple_and_deep, [
        "simple", "deep", "simple-fashion", "deep-fashion"], [
            f"{kind} {name} {metric}" for name in ("mnist", "fashion_mnist")
            for kind in ("simple", "deep")
            for metric in ("loss", "squared_error")]),
    "features": (layers.features, ["deep"], [
        f"same label in layer {depth}" for depth in (1, 2, 3)]),
    "compression": (codes.compression, ["deep"], [
        "bytes of a code", "bytes of an image without loss"]),
    "losses": (codes.losses, ["deep"], [
        *(f"trained with {loss}: {metric}"
          for loss in ("cross-entropy", "squared error")
          for metric in ("squared error", "cross-entropy")),
        "floor of the cross-entropy"]),
    "sparsity": (codes.sparsity, ["sparse-deep", *(
        f"sparse-{weight}" for weight in trained.SPARSE)], [
            "sparse weight", *(
                f"sparse {name} {metric}"
                for name in ("chosen", "heaviest", "deep")
                for metric in ("zeros", "dead units"))]),
    "copying": (codes.copying, ["simple", "complete", "overcomplete"], [
        f"{name} {what}" for name in ("simple", "complete", "overcomplete")
        for what in ("digits", "clothes")]),
    "gaussians": (generation.gaussians, ["variational-2"], [
        "kl by the formula", "kl by sampling"]),
    "paths": (generation.paths, ["variational"], [
        f"distance of {what}"
        for what in ("test images", "blended pixels", "blended codes")]),
    "samples": (generation.samples, ["deep", "variational"], [
        f"distance of {name} samples" for name in ("vanilla", "variational")]),
    "planes": (codes.planes, ["deep", "vanilla-2", "variational-2"], [
        "neighbours in t-SNE of codes of 32 numbers", *(
            f"neighbours in codes of two numbers {name}"
            for name in ("vanilla", "variational"))]),
    "photographs": (layers.photographs, ["photographs"], []),
    "pooling": (layers.pooling, ["convolutional"], []),
    "modules": (layers.modules, [
        "deep", "sparse-1e-5", "convolutional", "variational", "denoising",
        "contractive"], []),
}


def record(part, found):
    """Writes a part's metrics into the table, instead of those it had.

    Args:
        part: String.
        found: Dictionary of a metric to a number.
    """
    if [*found] != PARTS[part][2]:
        raise ValueError(f"Expected the metrics {PARTS[part][2]} of {part}. "
                         f"Received: {[*found]}")
    lines = [line for line in pages.read(TABLE)
             if line["part"] in PARTS and line["part"] != part]
    lines += [{"part": part, "metric": metric, "value": (
        f"{value:,}" if isinstance(value, int) else f"{value:.4g}")}
        for metric, value in found.items()]
    pages.save(TABLE, sorted(
        lines, key=lambda line: [*PARTS].index(line["part"])),
        ["part", "metric", "value", "commit"])


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
        draw, names, _ = PARTS[part]
        for name in names:
            trained.train(name)
        print(f"Drawing {part}", flush=True)
        record(part, draw())
    pages.write()


if __name__ == "__main__":
    main()
