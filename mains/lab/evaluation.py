"""Measures of a trained autoencoder, in float64 over a whole test set."""
import keras
import numpy as np

from lab.corruption import corrupted

EPSILON = 1e-7  # Keras keeps probabilities so far from 0 and 1
QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)  # of scores, for thresholds


def cross_entropy(target, output):
    """Binary cross-entropy per image, summed over pixels, in nats."""
    output = np.clip(output, EPSILON, 1 - EPSILON)
    return -rows(target * np.log(output)
                 + (1 - target) * np.log(1 - output)).sum(axis=1)


def squared_error(target, output):
    """Squared error per image, summed over pixels."""
    return rows((target - output) ** 2).sum(axis=1)


def kl_divergence(mean, log_var):
    """KL(N(mean, exp(log_var)) || N(0, I)) per image, in nats."""
    return 0.5 * (mean ** 2 + np.exp(log_var) - 1 - log_var).sum(axis=1)


def to_float64(tensor):
    """Returns a backend's tensor as an array of float64."""
    return keras.ops.convert_to_numpy(tensor).astype("float64")


def principal_components(images, size):
    """Returns scikit-learn's `PCA` of images, of at most `size` numbers."""
    from sklearn.decomposition import PCA
    with np.errstate(invalid="ignore"):  # of no variance, where all are alike
        return PCA(min(size, *images.shape), random_state=0).fit(images)


def rows(array):
    """Returns one row of numbers for each image."""
    return array.reshape(len(array), -1)


def outputs(model, inputs):
    """Returns what a model gives for inputs, an array for each output.

    A thousand inputs at a time. `predict` would set up a pipeline first, which
    takes longer than computing so few.
    """
    parts = [as_list(model.predict_on_batch(inputs[start:start + 1000]))
             for start in range(0, max(1, len(inputs)), 1000)]
    return [np.concatenate(part) for part in zip(*parts)]


def codes(encoder, images):
    """Returns the codes of images; of a Gaussian code, the means."""
    parts = outputs(encoder, images)
    return parts[1 if len(parts) == 3 else 0]


def scores(encoder, decoder, images):
    """Measures how badly each image is rebuilt: high for an anomaly.

    Returns:
        Array, `(count,)`: squared errors, or for a Gaussian code the negative
        ELBO in nats, with the mean for a draw.
    """
    parts = outputs(encoder, images)
    rebuilt, = outputs(decoder, parts[1 if len(parts) == 3 else 0])
    return score(images, parts, rebuilt)


def score(images, parts, rebuilt):
    """Scores images by their code's parts, and what these were rebuilt to."""
    if len(parts) == 1:
        return squared_error(images, rebuilt)
    # Beyond 0 and 1, as a table's values may lie, cross-entropy would fall.
    inside = np.clip(images, 0, 1)
    return (cross_entropy(inside, rebuilt) + squared_error(images, inside)
            + kl_divergence(*parts[1:]))


def evaluate(encoder, decoder, auto, batches, seen=None):
    """Measures an autoencoder on images it has not seen.

    Args:
        encoder, decoder, auto: Models.
        batches: `Batches`.
        seen: `Batches` of images that it was trained on, or None.

    Returns:
        Dictionary: `loss`, what was trained for; `cross_entropy`, per pixel in
        nats, and `excess`, that beyond the entropy of the pixels themselves,
        which no model can go below; `squared_error`, summed over pixels, mean
        over images, and `training_squared_error`, of those in `seen`;
        `mean_code`, and `mean_of_first_ten_codes`, which the course prints;
        `zeros`, the share of zeros in the codes; `dead_units`, the share of
        code units that are 0 for every image. For a Gaussian code, instead of
        the last four, in nats per image, `distortion`, which is the
        cross-entropy summed over pixels, `kl_divergence`, the rate, and
        `negative_elbo`, the sum of both; `active_units`, how many of the
        code's numbers have a mean whose variance is above 0.01 (Burda et al.
        2016, 5.2); and `collapsed`, the negative ELBO of a decoder that gives
        the same for every code. At last `score_quantiles`, of the scores.
    """
    total = 0
    errors, entropies, floors, divergences = [], [], [], []
    all_codes, all_scores = [], []
    for index in range(len(batches)):
        images, _ = batches[index]
        outputs = as_list(encoder(images))
        output = to_float64(decoder(outputs[0]))
        code = [to_float64(part) for part in outputs]
        target = images.astype("float64")
        total = total + rows(target).sum(axis=0)
        errors.append(squared_error(target, output))
        entropies.append(cross_entropy(target, output))
        floors.append(cross_entropy(target, target))
        all_codes.append(rows(code[1 if len(code) == 3 else 0]))
        if len(code) == 3:
            divergences.append(kl_divergence(*code[1:]))
            output = to_float64(decoder(outputs[1]))
        all_scores.append(score(target, code, output))
    entropy, code = np.concatenate(entropies), np.concatenate(all_codes)
    metrics = {
        "loss": float(auto.evaluate(batches, verbose=0)),
        "cross_entropy": entropy.mean() / images[0].size,
        "excess": (entropy - np.concatenate(floors)).mean() / images[0].size,
        "squared_error": np.concatenate(errors).mean()}
    if seen:
        parts = (seen[index][0] for index in range(len(seen)))
        metrics["training_squared_error"] = np.concatenate([
            squared_error(images, to_float64(
                decoder(as_list(encoder(images))[0])))
            for images in parts]).mean()
    if divergences:
        divergence = np.concatenate(divergences)
        metrics["distortion"] = entropy.mean()
        metrics["kl_divergence"] = divergence.mean()
        metrics["negative_elbo"] = (entropy + divergence).mean()
        mean = total[None] / len(code)
        metrics["collapsed"] = cross_entropy(mean, mean)[0]
        metrics["active_units"] = (code.var(axis=0) > 0.01).sum()
    else:
        metrics["mean_code"] = code.mean()
        metrics["mean_of_first_ten_codes"] = code[:10].mean()
        metrics["zeros"] = (code == 0).mean()
        metrics["dead_units"] = (code == 0).all(axis=0).mean()
    quantiles = np.quantile(np.concatenate(all_scores), QUANTILES)
    return {**{name: float(value) for name, value in metrics.items()},
            "score_quantiles": {
                str(share): float(score)
                for share, score in zip(QUANTILES, quantiles)}}


def alarms(metrics):
    """Says in words what is wrong with a model of such metrics, if anything.

    Returns:
        List of strings.
    """
    found = []
    if metrics.get("dead_units", 0) > 0.25:
        found.append(
            f"Alarm: {metrics['dead_units']:.0%} of the code's units are dead "
            "(0 for every image). Try another seed, a lower learning rate or "
            "a lighter penalty.")
    if metrics.get("negative_elbo", 0) > 0.995 * metrics.get("collapsed", 1):
        found.append(
            "Alarm: the variational autoencoder has collapsed. Its negative "
            f"ELBO of {metrics['negative_elbo']:.1f} nats is no better than "
            f"that of a decoder which ignores the code, "
            f"{metrics['collapsed']:.1f}. Try more epochs, another seed or a "
            "lower learning rate.")
    return found


def negative_log_likelihood(encoder, decoder, batches, samples, seed=0):
    """Estimates -log p(image) of a variational autoencoder, by importance
    sampling from its encoder (Burda et al. 2016, equation 8).

    Args:
        encoder, decoder: Models.
        batches: `Batches`.
        samples: Integer. Draws for each image; a few at a time, so that the
            memory needed does not grow with their number.
        seed: Integer.

    Returns:
        Array, `(count,)`, float64, in nats: on average above the true value,
        and nearer to it with more samples.
    """
    random, estimates = np.random.default_rng(seed), []
    for index in range(len(batches)):
        images, _ = batches[index]
        _, mean, log_var = (to_float64(part) for part in encoder(images))
        target = keras.ops.convert_to_tensor(rows(images)[None])
        total = np.full(len(images), -np.inf)
        most = min(10000, 2 ** 23 // images[0].size)  # images at a time
        left, size = samples, max(1, most // len(images))
        while left:
            shape = (min(left, size), *mean.shape)
            epsilon = random.standard_normal(shape, dtype="float32")
            z = (mean + np.exp(log_var / 2) * epsilon).astype("float32")
            output = keras.ops.clip(
                decoder(z.reshape(-1, shape[-1])), EPSILON, 1 - EPSILON)
            output = keras.ops.reshape(output, (*shape[:2], -1))
            likelihood = to_float64(keras.ops.sum(
                target * keras.ops.log(output)
                + (1 - target) * keras.ops.log(1 - output), axis=-1))
            # log p(x | z) + log p(z) - log q(z | x)
            weights = likelihood + 0.5 * (
                epsilon ** 2 + log_var - z ** 2).sum(axis=-1, dtype="float64")
            total = np.logaddexp(total, np.logaddexp.reduce(weights, axis=0))
            left -= shape[0]
        estimates.append(np.log(samples) - total)
    return np.concatenate(estimates)


def repair(run, noise, masking=False):
    """Measures the squared error of corrupted test images, and of what an
    autoencoder makes of them: two means over images."""
    errors = []
    for index in range(len(run.test)):
        images, _ = run.test[index]
        noisy = corrupted(images, noise, masking, seed=index)
        errors.append([squared_error(images, other)
                       for other in (noisy, run.rebuild(noisy))])
    return [float(error.mean()) for error in np.concatenate(errors, axis=1)]


def fill_in(run, images, guesses):
    """Replaces NaN in images by what an autoencoder makes of the rest.

    Args:
        run: `Run`.
        images: Array, `(count, numbers in an image)`.
        guesses: Array. What to show the autoencoder instead of NaN.
    """
    known = ~np.isnan(images)
    return np.where(
        known, images, run.rebuild(np.where(known, images, guesses)))


def movement(run, noise):
    """Measures how far noise in test images moves their codes.

    Returns:
        Float: root of the mean squared distance from a code to that of its
        noisy twin, over that from a code to the mean of all; 0 where all
        codes are the same.
    """
    codes, twins = [], []
    for index in range(len(run.test)):
        images, _ = run.test[index]
        codes.append(rows(run.code(images)))
        twins.append(rows(run.code(corrupted(images, noise, seed=index))))
    codes, twins = np.concatenate(codes), np.concatenate(twins)
    spread = codes.var(axis=0).sum()
    moved = ((twins - codes) ** 2).sum(axis=1).mean()
    return float((moved / spread) ** 0.5) if spread else 0.0


def as_list(outputs):
    """Returns a model's outputs as a list, also where there is only one."""
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
