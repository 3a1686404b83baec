"""Models of the sizes that flags and data ask for."""
import inspect
import math

from lab.errors import InputError
from lab.machine import memory


def builder(args, data, module=None):
    """Returns a function that builds a module as the flags say.

    Args:
        args: `argparse.Namespace` of `command_line.parse`.
        data: `Dataset`.
        module: String, or None for that of `args`.

    Returns:
        Function without arguments that returns encoder, decoder and auto.

    Raises:
        InputError: If the sizes do not fit the data, or the machine.
    """
    module = module or args.module
    factory = __import__(module).autoencoder
    if module == "2-convolutional":
        if len(data.shape) != 3:
            raise InputError(
                "The convolutional module takes images. Expected (height, "
                f"width, channels). Received: {data}")
        shrink = 2 ** len(args.filters)
        latent = [*(-(-size // shrink) for size in data.shape[:2]),
                  args.filters[-1]]
        if args.latent not in (None, latent):
            raise InputError(
                f"Unusable --latent. Expected {latent}, which the encoder "
                f"gives. Received: {args.latent}")
        sizes = data.shape, args.filters, latent
        counts, places = [data.shape[2], *args.filters], [
            data.size // data.shape[2] // 4 ** depth
            for depth in range(len(args.filters) + 1)]
        weights = 2 * 9 * sum(a * b for a, b in zip(counts, counts[1:]))
        values = 2 * sum(a * b for a, b in zip(counts, places))
    else:
        sizes = data.size, args.hidden, args.latent
        widths = [data.size, *args.hidden, args.latent]
        weights = 2 * sum(a * b for a, b in zip(widths, widths[1:]))
        values = 2 * sum(widths)
        if module == "5-contractive":  # the Jacobian, and its gradients
            values += 4 * args.latent * max(args.hidden, default=0)
    # Weights, their gradients, and the two moments that Adam keeps of these;
    # what each layer gives for a batch.
    needed = 4 * (4 * weights + args.batch_size * values)
    if needed > memory():
        raise InputError(
            f"Too large a model for this machine. Expected at most "
            f"{memory() / 1e9:.1f} GB to train it. Received: "
            f"about {weights:,} weights, which need {needed / 1e9:.1f} GB. "
            "Choose smaller sizes or a smaller --batch-size.")
    more = [getattr(args, name)
            for name in list(inspect.signature(factory).parameters)[3:]]
    return lambda: factory(*sizes, *more)


def describe(args, encoder, decoder):
    """Prints the layers of the models, and how far they compress."""
    for model in encoder, decoder:
        if args.summary:
            model.summary()
            continue
        layers = ", ".join(
            f"{type(layer).__name__} {size(layer)}" for layer in model.layers)
        print(f"{model.name}: {layers}; {model.count_params():,} weights")
    code = encoder.outputs[0].shape[1:]
    before, after = math.prod(encoder.input_shape[1:]), math.prod(code)
    print(f"compression factor: {before} / {after} = {before / after:.3g}")


def size(layer):
    """Says how large the output of a layer is."""
    output = layer.output[0] if isinstance(
        layer.output, (list, tuple)) else layer.output
    return " x ".join(map(str, output.shape[1:]))
