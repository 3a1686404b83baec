"""Pictures of the lesson: the manifold, and what a decoder generates.

Each function draws pictures, and returns metrics for the text around them.
"""
import numpy as np
from trained import grid, images, load, save


def distance(pictures):
    """Returns how far pictures are from the nearest training image."""
    from sklearn.neighbors import NearestNeighbors
    train, _ = images(part="train")
    near = NearestNeighbors(n_neighbors=1).fit(train)
    return near.kneighbors(pictures)[0].mean()


def paths():
    """Draws interpolations between digits, of pixels and of codes."""
    pixels, _ = images()
    model, steps = load("variational").model, np.linspace(0, 1, 10)[:, None]
    rows = {}
    for turn, (one, other) in enumerate(((0, 1), (2, 4), (7, 9))):
        start, end = pixels[one], pixels[other]
        rows["pixels" + " " * turn] = start + steps * (end - start)
        start, end = model.code(pixels[[one, other]])
        rows["codes" + " " * turn] = model.decode(start + steps * (
            end - start))
    save(grid(rows, "From one digit to another: pixels blended, and codes"),
         "paths")
    starts, ends = pixels[:200], pixels[200:400]
    codes = (model.code(starts) + model.code(ends)) / 2
    return {"distance of test images": distance(starts),
            "distance of blended pixels": distance((starts + ends) / 2),
            "distance of blended codes": distance(model.decode(codes))}


def samples():
    """Draws codes at random and decodes them, vanilla and variational."""
    random = np.random.default_rng(0)
    pixels, _ = images()
    vanilla = load("deep").model
    codes = vanilla.code(pixels)
    # The best guess without more knowledge: each number as in some image.
    drawn = np.stack([random.choice(column, 200) for column in codes.T], 1)
    pictures = {
        "vanilla": vanilla.decode(drawn),
        "variational": load("variational").model.decode(
            random.standard_normal((200, 32)))}
    rows = {name + " " * turn: made[10 * turn:10 * turn + 10]
            for name, made in pictures.items() for turn in range(3)}
    save(grid(rows, "Codes drawn at random, decoded"), "random-codes")
    return {f"distance of {name} samples": distance(made)
            for name, made in pictures.items()}


def gaussians():
    """Draws the Gaussian codes of test images, and draws from them."""
    import matplotlib.pyplot as plt
    from lab import measures
    pixels, labels = images()
    _, mean, log_var = load("variational-2").model.encode(pixels)
    random = np.random.default_rng(0)
    figure, axis = plt.subplots(figsize=(6, 5.4), layout="constrained")
    for index in range(10):
        std = np.exp(log_var[index] / 2)
        z = mean[index] + std * random.standard_normal((100, 2))
        axis.scatter(*z.T, s=3, color=f"C{index}")
        axis.annotate(str(labels[index]), mean[index], weight="bold",
                      fontsize=14, ha="center", va="center")
    angle = np.linspace(0, 2 * np.pi, 200)
    axis.plot(np.cos(angle), np.sin(angle), "k:", linewidth=1)
    axis.set(aspect="equal", xlim=(-3.2, 3.2), ylim=(-3.2, 3.2),
             xlabel="first number of the code",
             ylabel="second number of the code",
             title="z = mean + std · epsilon: 100 draws for ten digits\n"
                   "(dotted: one standard deviation of N(0, I))")
    save(figure, "gaussians")
    # The same divergence by its definition: the mean of log q(z) - log p(z).
    draws = []
    for _ in range(100):
        epsilon = random.standard_normal(mean.shape)
        z = mean + np.exp(log_var / 2) * epsilon
        draws.append(0.5 * (z ** 2 - epsilon ** 2 - log_var).sum(axis=1))
    return {"kl by the formula": measures.kl_divergence(mean, log_var).mean(),
            "kl by sampling": np.mean(draws)}
