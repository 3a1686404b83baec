#!/usr/bin/env python3
"""Rebuilds 60,000 images with a trained model, as the mains' uses do.

    ./benchmarks/inference.py DATA.npz FOLDER
"""
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "mains"), str(ROOT)]


def main():
    """Loads what a main saved; encodes and decodes."""
    import keras
    import numpy as np
    from lab import evaluation
    from workloads import MAINS
    for module in MAINS:
        __import__(module)  # for its layers
    data, folder = sys.argv[1:]
    encoder, decoder = (
        keras.saving.load_model(Path(folder, f"{name}.keras"))
        for name in ("encoder", "decoder"))
    with np.load(data) as arrays:
        images = arrays["x_train"].reshape(-1, *encoder.input_shape[1:])
    images = images.astype("float32") / 255
    started = time.monotonic()
    evaluation.outputs(decoder, evaluation.codes(encoder, images))
    print(f"Inference: {time.monotonic() - started}")


if __name__ == "__main__":
    main()
