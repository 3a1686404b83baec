"""Pictures of the lesson: what the data, the models and their layers are.

Each function draws pictures, and returns metrics for the text around them.
"""
import numpy as np
from trained import PHOTOGRAPHS, grid, images, load, rebuild, save

DATA = {"MNIST": "mnist", "Fashion-MNIST": "fashion_mnist",
        "glyphs": "glyphs"}


def diagram():
    """Draws an autoencoder from the layers of the built model."""
    import matplotlib.pyplot as plt
    encoder, decoder, auto = __import__("0-vanilla").autoencoder(
        784, [128, 64], 32)
    figure, axis = plt.subplots(figsize=(9, 4), layout="constrained")
    before = None
    layers = encoder.layers + decoder.layers[1:]
    for place, layer in enumerate(layers):
        size = layer.output.shape[-1]
        height = np.log2(size)
        code = layer is encoder.layers[-1]
        axis.add_patch(plt.Rectangle(
            (place - 0.12, -height / 2), 0.24, height,
            color="C1" if code else "C0"))
        kind = getattr(layer, "activation", None)
        axis.text(place, height / 2 + 0.2, f"{size}", ha="center",
                  va="bottom", weight="bold")
        axis.text(place, -height / 2 - 0.3, "\n".join(filter(None, [
            layer.name, kind and kind.__name__, code and "= the code"])),
            ha="center", va="top", fontsize=8)
        if before is not None:
            axis.fill([place - 0.88, place - 0.12, place - 0.12,
                       place - 0.88], np.array(
                [before, height, -height, -before]) / 2,
                color="C0", alpha=0.15, linewidth=0)
            axis.text(place - 0.5, 0, f"{layer.count_params():,}\nweights",
                      ha="center", va="center", fontsize=8)
        before = height
    middle = len(encoder.layers) - 1
    for left, right, model in ((0, middle, encoder),
                               (middle, len(layers) - 1, decoder)):
        axis.annotate("", (left + 0.05, 6.3), (right - 0.05, 6.3),
                      arrowprops={"arrowstyle": "<->"})
        axis.text((left + right) / 2, 6.5, f"{model.name}: "
                  f"{model.count_params():,} weights", ha="center")
    axis.set(xlim=(-0.6, len(layers) - 0.4), ylim=(-7.2, 7.2))
    axis.set_axis_off()
    save(figure, "diagram")
    *_, convolutional = __import__("2-convolutional").autoencoder(
        (28, 28, 1), [16, 8, 8], (4, 4, 8))
    return {"weights of vanilla": auto.count_params(),
            "weights of convolutional": convolutional.count_params()}


def sheet():
    """Draws two images of each label of three data sets."""
    rows = {}
    for title, name in DATA.items():
        pixels, labels = images(name)
        for turn in range(2):
            rows[title + " " * turn] = [
                pixels[np.flatnonzero(labels == label)[turn]]
                for label in range(10)]
    save(grid(rows, "Two test images of each label"), "data")
    return {}


def simple_and_deep():
    """Draws digits and clothes, rebuilt by one layer and by three."""
    rows, found = {}, {}
    for title, name in list(DATA.items())[:2]:
        pixels, _ = images(name)
        ending = "-fashion" * (name == "fashion_mnist")
        rows[title] = pixels[:10]
        for kind in "simple", "deep":
            run = load(kind + ending)
            rows[kind + " " * len(ending)] = rebuild(run.model, pixels[:10])
            found |= {f"{kind} {name} {key}": run.metrics[key]
                      for key in ("loss", "squared_error")}
    save(grid(rows, "Codes of 32 numbers, after 10 epochs: one layer, and "
              "three, on each side"), "simple-and-deep")
    return found


def features():
    """Draws which images excite units of each layer of the deep encoder."""
    import keras
    pixels, labels = images()
    encoder, rows, limits, found = load("deep").model.encoder, {}, {}, {}
    for depth, layer in enumerate(encoder.layers[1:], 1):
        values = keras.Model(encoder.inputs, layer.output).predict(
            pixels, batch_size=1000, verbose=0)
        live = np.flatnonzero(values.std(axis=0) > 0)
        most = [np.argsort(values[:, unit])[-100:] for unit in live]
        label = f"layer {depth}\n{layer.units} units"
        rows[label] = [pixels[those].mean(axis=0) - pixels.mean(axis=0)
                       for those in most[:10]]
        limits[label] = (-0.5, 0.5)
        # Of the hundred, those with the label that most of them have.
        found[f"same label in layer {depth}"] = np.mean([
            np.bincount(labels[those]).max() for those in most])
    save(grid(rows, "The 100 test images that excite a unit most: their mean, "
              "less that of all", limits=limits), "features")
    return found


def pooling():
    """Draws one digit on its way through the convolutional module."""
    import keras
    pixels, _ = images()
    model, rows, limits = load("convolutional").model, {}, {}
    x = pixels[:1].reshape(1, 28, 28, 1)
    for part, sets in (("encoder", "MaxPooling2D"),
                       ("decoder", "UpSampling2D")):
        network = getattr(model, part)
        for layer in network.layers:
            last = layer is network.layers[-1]
            if type(layer).__name__ == sets or part == "decoder" and last:
                y = keras.Model(network.inputs, layer.output).predict(
                    x, verbose=0)[0]
                size = " x ".join(map(str, y.shape))
                label = (f"output\n{size}" if part == "decoder" and last
                         else f"{layer.name}\n{size}")
                rows[label] = [*np.moveaxis(y, -1, 0)[:8]]
                limits[label] = (0, y.max())
        if part == "encoder":
            x = y[None]
    rows = {"input\n28 x 28 x 1": pixels[:1].reshape(1, 28, 28), **rows}
    figure = grid(rows, "One digit: pooled to its code, and back",
                  size=0.9, limits=limits)
    save(figure, "pooling")
    return {}


def modules():
    """Draws ten digits, rebuilt by each of the six modules."""
    from lab.data import corruption
    pixels, _ = images()
    clean = pixels[:10]
    # As in training: values beyond 0 and 1 stay, the picture alone clips them.
    noisy = corruption.corrupted(clean, 0.5)
    names = {"0-vanilla": "deep", "1-sparse": "sparse-1e-5",
             "2-convolutional": "convolutional",
             "3-variational": "variational", "5-contractive": "contractive"}
    rows = {"test images": clean}
    rows |= {title: rebuild(load(name).model, clean)
             for title, name in names.items()}
    rows |= {"with noise": noisy,
             "4-denoising": rebuild(load("denoising").model, noisy)}
    save(grid(rows, ""), "modules")
    return {}


def photographs():
    """Draws patches of a photograph, and their reconstructions."""
    with np.load(PHOTOGRAPHS) as archive:
        test = archive["x_test"].astype("float32") / 255
    shown = test[::len(test) // 9][:9]
    save(grid({"test patches": shown,
               "rebuilt": rebuild(load("photographs").model, shown)},
              "Patches of 64 x 64 pixels in colour", size=1.1,
              shape=(64, 64)), "photographs")
    return {}
