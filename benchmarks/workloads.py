"""The models whose training is measured: module, and sizes for its factory."""

WORKLOADS = {
    "0-vanilla": (784, [128, 64], 32),
    "3-variational": (784, [512], 2),
    "2-convolutional": ((28, 28, 1), [16, 8, 8], (4, 4, 8)),
}
MAINS = {"0-vanilla": "0-main.py", "3-variational": "3-main.py",
         "2-convolutional": "2-main.py", "5-contractive": "5-main.py"}
# What the mains choose by themselves.
FASTEST = {"0-vanilla": "jax", "3-variational": "jax",
           "2-convolutional": "tensorflow"}
