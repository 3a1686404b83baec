#!/usr/bin/env python3
"""Rebuilds 60,000 images with a trained model, as the applications do.

    ./benchmarks/inference.py DATA.npz FOLDER
"""
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as in the mains
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "mains"))


def main():
    """Loads what a main saved; encodes and decodes."""
    import numpy as np
    from lab.runs import Run
    data, folder = sys.argv[1:]
    model = Run.load(Path(folder)).model
    with np.load(data) as arrays:
        images = arrays["x_train"].reshape(-1, *model.encoder.input_shape[1:])
    images = images.astype("float32") / 255
    started = time.monotonic()
    model.rebuild(images)
    print(f"Inference: {time.monotonic() - started}")


if __name__ == "__main__":
    main()
