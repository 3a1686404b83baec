"""Measures of a trained autoencoder, in float64 over a whole test set."""
import keras
import numpy as np

EPSILON = 1e-7  # Keras keeps probabilities so far from 0 and 1


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


def rows(array):
    """Returns one row of numbers for each image."""
    return array.reshape(len(array), -1)


def evaluate(encoder, decoder, auto, batches):
    """Measures an autoencoder on images it has not seen.

    Args:
        encoder, decoder, auto: Models.
        batches: `Batches`.

    Returns:
        Dictionary: `loss`, what was trained for; `cross_entropy`, per pixel in
        nats; `squared_error`, summed over pixels, mean over images;
        `mean_code`, and `mean_of_first_ten_codes`, which the course prints;
        `dead_units`, the share of code units that are 0 for every image. For a
        Gaussian code, instead of these, `kl_divergence` and `negative_elbo`,
        in nats per image.
    """
    errors, entropies, divergences, codes = [], [], [], []
    for index in range(len(batches)):
        images, _ = batches[index]
        outputs = as_list(encoder(images))
        output = to_float64(decoder(outputs[0]))
        code = [to_float64(part) for part in outputs]
        target = images.astype("float64")
        errors.append(squared_error(target, output))
        entropies.append(cross_entropy(target, output))
        codes.append(rows(code[0]))
        if len(code) == 3:
            divergences.append(kl_divergence(*code[1:]))
    entropy, code = np.concatenate(entropies), np.concatenate(codes)
    metrics = {
        "loss": float(auto.evaluate(batches, verbose=0)),
        "cross_entropy": entropy.mean() / images[0].size,
        "squared_error": np.concatenate(errors).mean()}
    if divergences:
        divergence = np.concatenate(divergences)
        metrics["kl_divergence"] = divergence.mean()
        metrics["negative_elbo"] = (entropy + divergence).mean()
    else:
        metrics["mean_code"] = code.mean()
        metrics["mean_of_first_ten_codes"] = code[:10].mean()
        metrics["dead_units"] = (code == 0).all(axis=0).mean()
    return {name: float(value) for name, value in metrics.items()}


def corrupted(images, noise, masking=False, seed=0):
    """Adds noise of a standard deviation to images, or blanks a share."""
    random = np.random.default_rng(seed)
    if masking:
        return images * (random.random(images.shape) >= noise)
    noises = random.standard_normal(images.shape, dtype="float32")
    return images + noise * noises


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


def anomaly(run, images):
    """Scores images by how badly they are rebuilt.

    Returns:
        Array, `(count,)`: squared errors, or for a Gaussian code the negative
        ELBO in nats, with the mean for a draw.
    """
    outputs = as_list(run.encoder.predict(images, batch_size=1000, verbose=0))
    if len(outputs) == 1:
        return squared_error(images, run.decode(outputs[0]))
    _, mean, log_var = outputs
    return cross_entropy(images, run.decode(mean)) + kl_divergence(
        mean, log_var)


def block(shape, count, seed=0):
    """Marks a square of half the height and width in each of many images.

    Returns:
        Array of booleans, `(count, numbers in an image)`.
    """
    height, width, channels = shape
    random = np.random.default_rng(seed)
    hidden = np.zeros((count, *shape), bool)
    for image in hidden:
        top = random.integers(height - height // 2 + 1)
        left = random.integers(width - width // 2 + 1)
        image[top:top + height // 2, left:left + width // 2] = True
    return rows(hidden)


def fill_in(run, images, known, rounds=20):
    """Replaces guesses in images by what an autoencoder makes of the rest.

    Args:
        run: `Run`.
        images: Array, `(count, numbers in an image)`, guesses among them.
        known: Array of booleans of that shape, false for the guesses.
        rounds: Integer. How often to rebuild, known numbers put back.
    """
    filled = images
    for _ in range(rounds):
        filled = np.where(known, images, run.rebuild(filled))
    return filled


def movement(run, noise):
    """Measures how far noise in test images moves their codes.

    Returns:
        Float: root of the mean squared distance from a code to that of its
        noisy twin, over that from a code to the mean of all.
    """
    codes, twins = [], []
    for index in range(len(run.test)):
        images, _ = run.test[index]
        codes.append(rows(run.encode(images)[0]))
        twins.append(rows(run.encode(
            corrupted(images, noise, seed=index))[0]))
    codes, twins = np.concatenate(codes), np.concatenate(twins)
    spread = codes.var(axis=0).sum()
    return float((((twins - codes) ** 2).sum(axis=1).mean() / spread) ** 0.5)


def as_list(outputs):
    """Returns a model's outputs as a list, also where there is only one."""
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
