"""The numbered modules, found from their files and their signatures."""
import ast
import dataclasses
import functools
import math

from lab import ROOT, machine
from lab.errors import InputError

# What a signature cannot say: the course's sizes, where they are not SIZES,
# and defaults of arguments that only this module has.
DEFAULTS = {
    "1-sparse": {"lambtha": 1e-5},
    "2-convolutional": {"filters": [16, 8, 8]},
    "3-variational": {"hidden": [512], "latent": 2},
    "4-denoising": {"noise": 0.5},
    "5-contractive": {"lambtha": 1e-5},
}
SIZES = {"hidden": [128, 64], "latent": 32}


@dataclasses.dataclass(frozen=True)
class Module:
    """A numbered module, as scripts need to know it.

    Attributes:
        name: String, such as `"0-vanilla"`.
        takes_images: Boolean. Whether it takes images as they are, with
            filters, or rows of numbers, with hidden layers.
        sizes: Dictionary. Flags of its sizes, and their defaults.
        arguments: Dictionary. Further arguments, and their defaults.
    """

    name: str
    takes_images: bool
    sizes: dict
    arguments: dict

    @property
    def flags(self):
        """Flags of all arguments, but the size of the input."""
        return {**self.sizes, **self.arguments}

    @property
    def backend(self):
        """The backend that trains it fastest, by docs/speed.md."""
        return "tensorflow" if self.takes_images else "jax"

    def builder(self, shape, batch_size, **flags):
        """Returns a function that builds the module for inputs of a shape.

        Args:
            shape: Tuple. Of one input.
            batch_size: Integer. To train it with.
            **flags: Values of `self.flags`.

        Returns:
            Function without arguments that returns encoder, decoder and auto.

        Raises:
            InputError: If the sizes do not fit the inputs, or the machine.
        """
        own = [flags[name] for name in self.arguments]
        if self.takes_images:
            sizes = shape, flags["filters"], code_shape(shape, **flags)
            counts = [shape[-1], *flags["filters"]]
            # Weights of a 3 x 3 convolution, and pixels after each pooling.
            each, places = 9, [math.prod(shape[:2]) // 4 ** depth
                               for depth in range(len(counts))]
        else:
            sizes = math.prod(shape), flags["hidden"], flags["latent"]
            counts = [sizes[0], *sizes[1], sizes[2]]
            each, places = 1, [1] * len(counts)
        machine.check(
            2 * each * sum(a * b for a, b in zip(counts, counts[1:])),
            2 * sum(a * b for a, b in zip(counts, places)), batch_size)
        return lambda: __import__(self.name).autoencoder(*sizes, *own)


def code_shape(shape, filters, latent=None, **_):
    """Returns the shape of a convolutional code, which `latent` may state.

    Raises:
        InputError: If that is another, or inputs are no images.
    """
    if len(shape) != 3:
        raise InputError(
            "The convolutional module takes images. Expected (height, width, "
            f"channels). Received: {shape}")
    shrink = 2 ** len(filters)
    code = [*(-(-size // shrink) for size in shape[:2]), filters[-1]]
    if latent not in (None, code):
        raise InputError(
            f"Unusable --latent. Expected {code}, which the encoder gives. "
            f"Received: {latent}")
    return code


def find(folder=ROOT):
    """Returns all numbered modules of a folder: dictionary of name to
    `Module`."""
    return {path.stem: read(path)
            for path in sorted(folder.glob("[0-9]-*.py"))}


def get(name):
    """Returns the `Module` of a name."""
    return read(ROOT / f"{name}.py")


@functools.cache
def read(path):
    """Reads a module's signature, without importing Keras."""
    function = next(
        node for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == "autoencoder")
    names = [argument.arg for argument in function.args.args]
    values = [ast.literal_eval(node) for node in function.args.defaults]
    defaults = {
        **dict(zip(names[len(names) - len(values):], values)),
        **DEFAULTS.get(path.stem, {})}
    takes_images = names[1] == "filters"
    sizes = {"filters": None, "latent": None} if takes_images else SIZES
    return Module(
        path.stem, takes_images,
        {name: defaults.get(name, size) for name, size in sizes.items()},
        {name: defaults.get(name) for name in names[3:]})
