"""Pictures of the lesson: what a code holds, and what it costs.

Each function draws pictures, and returns metrics for the text around them.
"""
import zlib

import numpy as np
from trained import SPARSE, error, grid, images, load, rebuild, save


def compression():
    """Measures how far a code compresses, and a compressor without loss."""
    pixels, _ = images()
    packed = len(zlib.compress((pixels * 255).astype("uint8").tobytes(), 9))
    code = load("deep").model.encoder.output_shape[-1]
    return {"bytes of a code": 4 * code,
            "bytes of an image without loss": packed / len(pixels)}


def copying():
    """Draws reconstructions of clothes by codes smaller and larger than the
    input, after a training on digits."""
    digits, _ = images()
    clothes, _ = images("fashion_mnist")
    found = {}
    rows = {"test images": np.concatenate([digits[:5], clothes[:5]])}
    for title, name in (("32 numbers", "simple"), ("784 numbers", "complete"),
                        ("1,568 numbers", "overcomplete")):
        model = load(name).model
        rows[title] = rebuild(model, rows["test images"])
        found |= {f"{name} digits": error(model, digits),
                  f"{name} clothes": error(model, clothes)}
    save(grid(rows, "Trained on digits only: undercomplete, complete, "
              "overcomplete"), "copying")
    return found


def sparsity():
    """Draws codes without a penalty and with one, and what weights do."""
    import matplotlib.pyplot as plt
    pixels, _ = images()
    metrics = [load(f"sparse-{weight}").metrics for weight in SPARSE]
    # The lightest penalty with which most of the code is 0, no unit always.
    chosen = next(weight for weight, each in zip(SPARSE, metrics)
                  if each["zeros"] > 0.5 and each["dead_units"] == 0)
    rows, limits = {"test images": pixels[:10]}, {}
    for weight in SPARSE[0], chosen:
        model = load(f"sparse-{weight}").model
        label = f"lambtha\n{weight}"
        codes = model.code(pixels[:10]).reshape(10, 16, 16)
        rows[f"code\n{label}"] = codes
        limits[f"code\n{label}"] = (0, np.quantile(codes, 0.99))
        rows[f"rebuilt\n{label}"] = rebuild(model, pixels[:10])
    save(grid(rows, "Codes of 256 numbers, zeros in black", size=0.9,
              limits=limits), "sparse-codes")
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    weights = [float(weight) for weight in SPARSE]
    for axis, key, title in zip(axes, ("zeros", "squared_error"), (
            "fraction of zeros in the code", "squared error per image")):
        axis.semilogx(weights, [each[key] for each in metrics], "o-",
                      label=title)
        axis.set(xlabel="weight of the penalty, lambtha", title=title)
        axis.grid(alpha=0.3)
    axes[0].semilogx(weights, [each["dead_units"] for each in metrics], "o--",
                     label="fraction of dead units")
    axes[0].set_title("of the code's numbers")
    axes[0].legend()
    save(figure, "sparsity")
    return {"sparse weight": float(chosen), **{
        f"sparse {name} {key.replace('_', ' ')}": each[key]
        for name, each in (("chosen", metrics[SPARSE.index(chosen)]),
                           ("heaviest", metrics[-1]),
                           ("deep", load("sparse-deep").metrics))
        for key in ("zeros", "dead_units")}}


def planes():
    """Draws t-SNE of codes of 32 numbers, and codes of two."""
    import matplotlib.pyplot as plt
    from sklearn.manifold import TSNE
    from sklearn.neighbors import KNeighborsClassifier
    pixels, labels = (part[:3000] for part in images())
    plane = {
        "t-SNE of codes of 32 numbers":
            TSNE(random_state=0).fit_transform(
                load("deep").model.code(pixels)),
        "codes of two numbers, vanilla": load("vanilla-2").model.code(pixels),
        "codes of two numbers, variational":
            load("variational-2").model.code(pixels)}
    figure, axes = plt.subplots(1, 3, figsize=(13, 4.4), layout="constrained")
    found = {}
    for axis, (title, points) in zip(axes, plane.items()):
        dots = axis.scatter(*points.T, c=labels, cmap="tab10", s=3)
        axis.set(title=title, xticks=[], yticks=[])
        nearest = KNeighborsClassifier(5).fit(points[:1500], labels[:1500])
        found[f"neighbours in {title.replace(',', '')}"] = nearest.score(
            points[1500:], labels[1500:])
    figure.colorbar(dots, ax=axes, ticks=range(10), label="label")
    save(figure, "planes")
    return found


def losses():
    """Trains with squared error too; draws both losses of one pixel."""
    import keras
    import matplotlib.pyplot as plt
    from lab import measures
    from lab.autoencoders import Autoencoder
    train, _ = images(part="train")
    test, _ = images()
    keras.utils.set_random_seed(0)
    encoder, decoder, auto = __import__("0-vanilla").autoencoder(
        784, [128, 64], 32)
    auto.compile("adam", "mean_squared_error")
    auto.fit(train, train, epochs=10, batch_size=256, verbose=2)
    found = {}
    for name, model in (("cross-entropy", load("deep").model),
                        ("squared error", Autoencoder(encoder, decoder))):
        rebuilt = model.rebuild(test)
        found |= {
            f"trained with {name}: squared error":
                measures.squared_error(test, rebuilt).mean(),
            f"trained with {name}: cross-entropy":
                measures.cross_entropy(test, rebuilt).mean() / 784}
    output = np.linspace(0.001, 0.999, 500)
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for target in 0, 0.5, 1:
        axes[0].plot(output, -(target * np.log(output)
                               + (1 - target) * np.log(1 - output)),
                     label=f"a pixel of {target}")
        axes[1].plot(output, (output - target) ** 2,
                     label=f"a pixel of {target}")
    axes[0].set(title="binary cross-entropy", xlabel="output", ylim=(0, 5))
    axes[1].set(title="squared error", xlabel="output", ylim=(0, 1.05))
    axes[0].legend()
    save(figure, "losses-of-a-pixel")
    pixel = test.astype("float64")
    return {**found, "floor of the cross-entropy":
            measures.cross_entropy(pixel, pixel).mean() / 784}
