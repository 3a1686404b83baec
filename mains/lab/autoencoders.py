"""A trained autoencoder, fresh from its training or loaded from files."""
import contextlib
import math
from pathlib import Path

import keras
import numpy as np

from lab import files, measures
from lab.data.corruption import corrupted
from lab.measures import EPSILON, PRECISION, rows


class Autoencoder:
    """Three models, and what they compute of images.

    Images are as the model takes them, float32 of mostly 0 to 1: see
    `Batches.prepare`.

    Args:
        encoder, decoder: Models.
        auto: Model, or None for one that only computes.
        by_column: Boolean. Whether it learns the columns of a table, in their
            spreads, by squared errors, instead of pixels by cross-entropy.
    """

    def __init__(self, encoder, decoder, auto=None, by_column=False):
        self.encoder, self.decoder, self.auto = encoder, decoder, auto
        self.by_column, self.unseen = by_column, None
        # Of a Gaussian code the encoder gives a draw, mean and log variance.
        self.is_gaussian = len(encoder.outputs) == 3

    @classmethod
    def load(cls, folder, by_column=False):
        """Loads encoder and decoder from files, in Keras's safe mode."""
        with zeros_at_first():
            return cls(*(
                keras.saving.load_model(Path(folder, f"{name}.keras"))
                for name in ("encoder", "decoder")), by_column=by_column)

    def choose_loss(self):
        """Compiles the model for the columns of a table, where it has them.

        The mean squared error is in spreads of the columns: 1 is that of a
        model which always gives the mean. For a Gaussian code it is a negative
        log-likelihood, in nats but for a constant.
        """
        if self.by_column:
            self.auto.compile(
                optimizer=self.auto.optimizer, loss="mean_squared_error",
                loss_weights=[PRECISION if self.is_gaussian
                              else measures.SPREADS])

    def save(self, folder):
        """Saves encoder and decoder, each into a file of its name."""
        for model in self.encoder, self.decoder:
            save(model, folder / f"{model.name}.keras")

    def encode(self, images):
        """Returns what the encoder gives, a list of arrays."""
        return outputs(self.encoder, images)

    def code(self, images):
        """Returns the codes of images; of a Gaussian code, the means."""
        return self.of_parts(self.encode(images))

    def of_parts(self, parts):
        """Returns the code among what the encoder gives."""
        return parts[1 if self.is_gaussian else 0]

    def decode(self, codes):
        """Returns the reconstructions of codes."""
        return outputs(self.decoder, codes)[0]

    def rebuild(self, images):
        """Returns the reconstructions of images."""
        return self.decode(self.code(images))

    def score(self, images):
        """Measures how badly each image is rebuilt: high for an anomaly.

        Returns:
            Array, `(count,)`: squared errors, or for a Gaussian code the
            negative ELBO in nats, with the mean for a draw.
        """
        parts = self.encode(images)
        return self.score_of(images, parts, self.decode(self.of_parts(parts)))

    def score_of(self, images, parts, rebuilt):
        """Scores images, given what the encoder and the decoder gave."""
        if not self.is_gaussian:
            return measures.squared_error(images, rebuilt)
        if self.by_column:
            return (self.distortion(images, rebuilt)
                    + measures.kl_divergence(*parts[1:]))
        return measures.negative_elbo(images, rebuilt, *parts[1:])

    def distortion(self, images, rebuilt):
        """Returns -log p(image | code), in nats, of a Gaussian but for a
        constant."""
        if self.by_column:
            return PRECISION * measures.squared_error(images, rebuilt)
        return measures.cross_entropy(images, rebuilt)

    def fill_in(self, images, guesses):
        """Replaces NaN in images by the model's reconstruction.

        Args:
            images: Array, `(count, numbers in an image)`.
            guesses: Array. What to show the model instead of NaN.
        """
        known = ~np.isnan(images)
        return np.where(
            known, images, self.rebuild(np.where(known, images, guesses)))

    def repair(self, batches, noise, masking=False):
        """Measures the mean squared error of corrupted images, and of their
        reconstructions, compared with the clean images."""
        errors = []
        for index, (images, _) in enumerate(batches.once()):
            noisy = corrupted(images, noise, masking, seed=index)
            errors.append([measures.squared_error(images, other)
                           for other in (noisy, self.rebuild(noisy))])
        return [float(error.mean()) for error in np.concatenate(
            errors, axis=1)]

    def movement(self, batches, noise):
        """Measures how far noise in images moves their codes, as
        `measures.movement` does."""
        pairs = [(rows(self.code(images)),
                  rows(self.code(corrupted(images, noise, seed=index))))
                 for index, (images, _) in enumerate(batches.once())]
        return measures.movement(*map(np.concatenate, zip(*pairs)))

    def evaluate(self, batches, seen=None):
        """Measures the models on images that they have not seen.

        Args:
            batches: `Batches`.
            seen: `Batches` of images that they were trained on, or None.

        Returns:
            Dictionary: `loss`, what was trained for; of pixels
            `cross_entropy`, per pixel in nats, and `excess`, that beyond the
            entropy of the pixels themselves, which no model can go below; of
            columns `variance_rebuilt`, the fraction of their variance;
            `squared_error`, summed
            over pixels, mean over images, and `training_squared_error`, of
            those in `seen`; `mean_code`, and `mean_of_first_ten_codes`, which
            the course prints; `zeros`, the fraction of zeros in the codes;
            `dead_units`, the fraction of code units that are 0 for every
            image. For a Gaussian code, instead of the last four, in nats per
            image, `distortion`, the negative log-likelihood of the pixels,
            `kl_divergence`, the rate, and `negative_elbo`, the sum of both;
            `active_units`, how many of the code's numbers have a mean whose
            variance is above 0.01 (Burda et al. 2016, 5.2); and `collapsed`,
            the negative ELBO of a decoder that gives the same for every code.
            `score_quantiles`: quantiles of the scores per image, which are
            kept as the attribute `unseen`.
        """
        total, found = 0, []
        for images, _ in batches.once():
            parts = as_list(self.encoder(images))
            output = to_float64(self.decoder(parts[0]))
            target, code = images.astype("float64"), [*map(to_float64, parts)]
            total = total + rows(target).sum(axis=0)
            measured = {
                "squared_error": measures.squared_error(target, output),
                "distortion": self.distortion(target, output),
                "floor": self.distortion(target, target),
                "target": rows(target)[:len(target) * self.by_column],
                "code": rows(self.of_parts(code))}
            if self.is_gaussian:
                measured["kl"] = measures.kl_divergence(*code[1:])
                output = to_float64(self.decoder(parts[1]))
            measured["score"] = self.score_of(target, code, output)
            found.append(measured)
        found = {name: np.concatenate([each[name] for each in found])
                 for name in measured}
        distortion, code = found["distortion"], found["code"]
        mean = total[None] / len(code)
        metrics = {"loss": self.auto.evaluate(batches, verbose=0)}
        if self.by_column:
            spread = measures.squared_error(found["target"], mean).mean()
            metrics["variance_rebuilt"] = 1 - (
                found["squared_error"].mean() / max(spread, EPSILON))
            collapsed = PRECISION * spread
        else:
            metrics |= {
                "cross_entropy": distortion.mean() / mean.size,
                "excess": (distortion - found["floor"]).mean() / mean.size}
            collapsed = measures.cross_entropy(mean, mean)[0]
        metrics["squared_error"] = found["squared_error"].mean()
        if seen:
            metrics["training_squared_error"] = np.concatenate([
                measures.squared_error(images, to_float64(
                    self.decoder(as_list(self.encoder(images))[0])))
                for images, _ in seen.once()]).mean()
        if self.is_gaussian:
            metrics |= {
                "distortion": distortion.mean(),
                "kl_divergence": found["kl"].mean(),
                "negative_elbo": (distortion + found["kl"]).mean(),
                "collapsed": collapsed,
                "active_units": (code.var(axis=0) > 0.01).sum()}
        else:
            metrics |= {
                "mean_code": code.mean(),
                "mean_of_first_ten_codes": code[:10].mean(),
                "zeros": (code == 0).mean(),
                "dead_units": (code == 0).all(axis=0).mean()}
        self.unseen = found["score"]
        return {**{name: float(value) for name, value in metrics.items()},
                "score_quantiles": measures.score_quantiles(found["score"])}

    def negative_log_likelihood(self, batches, samples, seed=0):
        """Estimates -log p(image) of a variational autoencoder, by importance
        sampling from its encoder (Burda et al. 2016, equation 8).

        Args:
            batches: `Batches`.
            samples: Integer. Draws for each image; a few at a time, so that
                the memory needed does not grow with their number.
            seed: Integer.

        Returns:
            Array, `(count,)`, float64, in nats: on average above the true
            value, and nearer to it with more samples.
        """
        random, estimates = np.random.default_rng(seed), []
        for images, _ in batches.once():
            _, mean, log_var = map(to_float64, self.encoder(images))
            target = keras.ops.convert_to_tensor(rows(images)[None])
            total = np.full(len(images), -np.inf)
            most = min(10000, 2 ** 23 // images[0].size)  # images at a time
            left, size = samples, max(1, most // len(images))
            while left:
                shape = (min(left, size), *mean.shape)
                epsilon = random.standard_normal(shape, dtype="float32")
                z = (mean + np.exp(log_var / 2) * epsilon).astype("float32")
                output = keras.ops.clip(
                    self.decoder(z.reshape(-1, shape[-1])), EPSILON,
                    1 - EPSILON)
                output = keras.ops.reshape(output, (*shape[:2], -1))
                likelihood = to_float64(keras.ops.sum(
                    -PRECISION * (target - output) ** 2 if self.by_column else
                    target * keras.ops.log(output)
                    + (1 - target) * keras.ops.log(1 - output), axis=-1))
                # log p(x | z) + log p(z) - log q(z | x)
                weights = likelihood + 0.5 * (
                    epsilon ** 2 + log_var - z ** 2).sum(
                        axis=-1, dtype="float64")
                total = np.logaddexp(
                    total, np.logaddexp.reduce(weights, axis=0))
                left -= shape[0]
            estimates.append(np.log(samples) - total)
        return np.concatenate(estimates)

    def describe(self, summary=False):
        """Prints the layers of the models, and how far they compress.

        Args:
            summary: Boolean. Whether to print Keras's own summaries.
        """
        for model in self.encoder, self.decoder:
            if summary:
                model.summary()
                continue
            layers = ", ".join(f"{type(layer).__name__} {size_of(layer)}"
                               for layer in model.layers)
            print(f"{model.name}: {layers}; {model.count_params():,} weights")
        before, after = (math.prod(shape[1:]) for shape in (
            self.encoder.input_shape, self.encoder.outputs[0].shape))
        print(f"compression factor: {before} / {after} = "
              f"{before / after:.3g}")


def size_of(layer):
    """Returns the size of a layer's output as text."""
    return " x ".join(map(str, as_list(layer.output)[0].shape[1:]))


def as_list(outputs):
    """Returns a model's outputs as a list, also where there is only one."""
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def to_float64(tensor):
    """Returns a backend's tensor as an array of float64."""
    return keras.ops.convert_to_numpy(tensor).astype("float64")


def outputs(model, inputs):
    """Returns what a model gives for inputs, an array for each output.

    A thousand inputs at a time. `predict` would set up a pipeline first, which
    takes longer than computing so few.
    """
    parts = [as_list(model.predict_on_batch(inputs[start:start + 1000]))
             for start in range(0, max(1, len(inputs)), 1000)]
    return [np.concatenate(part) for part in zip(*parts)]


def save(model, path):
    """Saves a model; its file appears complete or not at all."""
    with files.written(path) as temporary:
        model.save(temporary)


@contextlib.contextmanager
def zeros_at_first():
    """Makes initial values 0 while models are loaded.

    Random ones, which the loaded weights replace at once, would take JAX
    seconds to draw: see docs/speed.md.
    """
    def zeros(_, shape, dtype=None, **__):
        return keras.ops.zeros(shape, dtype)

    calls = {kind: kind.__call__ for kind in vars(keras.initializers).values()
             if isinstance(kind, type) and "__call__" in vars(kind)}
    try:
        for kind in calls:
            kind.__call__ = zeros
        yield
    finally:
        for kind, call in calls.items():
            kind.__call__ = call
