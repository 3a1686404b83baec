"""The models whose training is measured: module, and sizes for its factory."""

WORKLOADS = {
    "0-vanilla": (784, [128, 64], 32),
    "3-variational": (784, [512], 2),
    "2-convolutional": ((28, 28, 1), [16, 8, 8], (4, 4, 8)),
}
