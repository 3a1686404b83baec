"""Where the time of a step goes: layer by layer, and into a penalty."""
import time
from statistics import median

from contenders import epochs_of, ours, watch
from workloads import WORKLOADS


def layers(folder, data, images):
    """Yields how long a step of the convolutional module lasts, and each of
    its layers alone, forwards and backwards, on TensorFlow: what is left if
    all around the step cost nothing."""
    import tensorflow as tf
    module = "2-convolutional"
    encoder, decoder, auto = __import__(module).autoencoder(*WORKLOADS[module])
    parts = [("a whole step", auto), *(
        (type(layer).__name__, layer)
        for layer in encoder.layers[1:] + decoder.layers[1:])]
    for name, layer in parts:
        x = tf.random.uniform((256, *layer.input.shape[1:]))
        first = layer is encoder.layers[1]  # nothing is before it

        @tf.function
        def step(x, layer=layer, first=first):
            if layer is auto:
                return auto.train_step((x, x))
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = layer(x)
            inputs = [] if first else [x]
            return tape.gradient(
                y, [*layer.trainable_weights, *inputs], output_gradients=y)

        seconds = []
        for _ in range(60):
            started = time.monotonic()
            step(x)
            seconds.append(time.monotonic() - started)
        alone = median(seconds)
        steps = -(-len(images.train) // 256)
        yield {"workload": module, "contender": name,
               "shape": str(tuple(layer.output.shape[1:])),
               "milliseconds a step": f"{1000 * alone:.2f}",
               "seconds an epoch": f"{steps * alone:.3g}"}


def penalty(folder, data, images):
    """Yields what the contractive penalty costs, against `0-vanilla`."""
    for backend in "tensorflow", "jax":
        vanilla, contractive = (
            watch(ours(module, folder / f"penalty-{module}-{backend}",
                       "--dataset", data), backend)
            for module in ("0-vanilla", "5-contractive"))
        seconds = [median(epochs_of(found))
                   for found in (vanilla, contractive)]
        yield {"workload": "5-contractive", "contender": backend,
               "seconds an epoch": f"{seconds[1]:.3g}",
               "times vanilla's": f"{seconds[1] / seconds[0]:.2f}"}
