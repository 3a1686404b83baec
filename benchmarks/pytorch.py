#!/usr/bin/env python3
"""Trains the same models in PyTorch, from the same initial values.

    ./benchmarks/pytorch.py DATA.npz MODULE EPOCHS [--tuned]

As PyTorch's examples are written: a DataLoader, eager, Adam. With `--tuned`:
tensors in memory, fused Adam, the loss of logits, channels last.
"""
import argparse
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional


def dense(sizes):
    """Returns layers as large as `sizes`, with ReLU between them."""
    layers = []
    for before, after in zip(sizes, sizes[1:]):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return layers[:-1]


class Variational(nn.Module):
    """784-[512]-2, with the KL divergence as a second output."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(784, 512)
        self.mean, self.log_var = nn.Linear(512, 2), nn.Linear(512, 2)
        self.decoder = nn.Sequential(*dense([2, 512, 784]))

    def forward(self, x):
        """Returns logits, and the divergence summed over the batch."""
        x = functional.relu(self.hidden(x))
        mean, log_var = self.mean(x), self.log_var(x)
        z = mean + torch.exp(log_var / 2) * torch.randn_like(mean)
        kl = 0.5 * (mean ** 2 + log_var.exp() - 1 - log_var).sum()
        return self.decoder(z), kl


def convolutional():
    """Returns (28, 28, 1)-[16, 8, 8]-(4, 4, 8)."""
    def block(before, after, then, padding=1):
        return [nn.Conv2d(before, after, 3, padding=padding), nn.ReLU(), then]

    def pool():
        return nn.MaxPool2d(2, ceil_mode=True)

    def up():
        return nn.Upsample(scale_factor=2)

    return nn.Sequential(
        *block(1, 16, pool()), *block(16, 8, pool()), *block(8, 8, pool()),
        *block(8, 8, up()), *block(8, 8, up()), *block(8, 16, up(), 0),
        nn.Conv2d(16, 1, 3, padding=1))


MODELS = {
    "0-vanilla": lambda: nn.Sequential(
        *dense([784, 128, 64, 32]), nn.ReLU(), *dense([32, 64, 128, 784])),
    "3-variational": Variational,
    "2-convolutional": convolutional,
}


def set_weights(model, arrays):
    """Sets a model's weights to those of its twin in Keras."""
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), arrays, strict=True):
            axes = {1: (0,), 2: (1, 0), 4: (3, 2, 0, 1)}[array.ndim]
            parameter.copy_(torch.from_numpy(array.transpose(axes)))


def main():
    """Trains, and rebuilds the training images."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("module")
    parser.add_argument("epochs", type=int)
    parser.add_argument("--tuned", action="store_true")
    args = parser.parse_args()
    torch.manual_seed(0)
    model = MODELS[args.module]()
    with np.load(args.data) as arrays:
        shape = ((-1, 1, 28, 28) if args.module == "2-convolutional"
                 else (-1, 784))
        train, test = (
            torch.from_numpy(arrays[name].astype("float32") / 255).reshape(
                shape) for name in ("x_train", "x_test"))
        set_weights(model, [
            arrays[f"{args.module}-{number}"]
            for number in range(len([*model.parameters()]))])
    if args.tuned and train.ndim == 4:
        model = model.to(memory_format=torch.channels_last)
        train, test = (part.contiguous(memory_format=torch.channels_last)
                       for part in (train, test))
    optimizer = torch.optim.Adam(model.parameters(), fused=args.tuned)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(train), batch_size=256, shuffle=True)

    def batches():
        if args.tuned:
            for rows in torch.randperm(len(train)).split(256):
                yield train[rows]
        else:
            for images, in loader:
                yield images

    def loss_of(images):
        """Sum over the batch, in the unit of the Keras model's loss."""
        output = model(images)
        output, kl = output if isinstance(output, tuple) else (output, None)
        if args.tuned:
            loss = functional.binary_cross_entropy_with_logits(
                output, images, reduction="sum")
        else:
            loss = functional.binary_cross_entropy(
                torch.sigmoid(output), images, reduction="sum")
        return loss / 784 if kl is None else loss + kl

    for epoch in range(args.epochs):
        print(f"Epoch {epoch + 1}/{args.epochs}", flush=True)
        model.train()
        total = 0.0
        for images in batches():
            optimizer.zero_grad()
            loss = loss_of(images)
            (loss / len(images)).backward()
            optimizer.step()
            total += loss.detach() if args.tuned else loss.item()
        model.eval()
        with torch.no_grad():
            validation = sum(
                loss_of(images) for images in test.split(256)) / len(test)
        print(f"loss: {float(total) / len(train):.4f} - "
              f"val_loss: {float(validation):.4f}", flush=True)

    started = time.monotonic()
    with torch.inference_mode():
        for images in train.split(1000):
            output = model(images)
            torch.sigmoid(output[0] if isinstance(output, tuple) else output)
    print(f"Inference: {time.monotonic() - started}")


if __name__ == "__main__":
    main()
