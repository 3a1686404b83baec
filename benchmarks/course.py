#!/usr/bin/env python3
"""Trains as the course does: Keras's defaults, `fit` on NumPy arrays.

    ./benchmarks/course.py DATA.npz MODULE EPOCHS [--tutorial | --steps]

The module is ours, so that the losses can be compared; with `--tutorial`,
layers and optimizer are the tutorial's: Keras's initial values, Adadelta.

With `--steps`, `fit` has nothing to do but its steps: the batches are there,
and nothing is shuffled, validated or shown.
"""
import argparse
import os
import time

from contenders import WORKLOADS

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def tutorial():
    """Returns the tutorial's deep autoencoder."""
    import keras
    x = inputs = keras.Input((784,))
    for units in 128, 64, 32, 64, 128:
        x = keras.layers.Dense(units, activation="relu")(x)
    auto = keras.Model(
        inputs, keras.layers.Dense(784, activation="sigmoid")(x))
    auto.compile(keras.optimizers.Adadelta(1.0), "binary_crossentropy")
    return auto


def steps_alone(auto, train, epochs):
    """Trains on batches that were made before, and does nothing else."""
    import keras

    class Ready(keras.utils.PyDataset):
        def __len__(self):
            return -(-len(train) // 256)

        def __getitem__(self, index):
            batch = train[256 * index:256 * (index + 1)]  # nothing is copied
            return batch, batch

    says = keras.callbacks.LambdaCallback(
        lambda epoch, logs: print(f"Epoch {epoch + 1}/{epochs}", flush=True))
    auto.fit(Ready(), epochs=epochs, verbose=0, shuffle=False,
             callbacks=[says])


def main():
    """Trains, and rebuilds the training images."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("module")
    parser.add_argument("epochs", type=int)
    parser.add_argument("--tutorial", action="store_true")
    parser.add_argument("--steps", action="store_true")
    args = parser.parse_args()
    import keras
    import numpy as np
    keras.utils.set_random_seed(0)
    encoder, decoder, auto = __import__(args.module).autoencoder(
        *WORKLOADS[args.module])
    if args.tutorial:
        auto = tutorial()
    with np.load(args.data) as arrays:
        train, test = (
            arrays[name].reshape(-1, *auto.input_shape[1:]).astype("float32")
            / 255 for name in ("x_train", "x_test"))
    if args.steps:
        steps_alone(auto, train, args.epochs)
        print(f"val_loss: {auto.evaluate(test, test, verbose=0):.4f}")
    else:
        auto.fit(train, train, epochs=args.epochs, batch_size=256,
                 shuffle=True, validation_data=(test, test))
    if not args.tutorial:
        started = time.monotonic()
        codes = encoder.predict(train)
        decoder.predict(codes[0] if isinstance(codes, list) else codes)
        print(f"\nInference: {time.monotonic() - started}")


if __name__ == "__main__":
    main()
