"""The contractive autoencoder: its penalty, against automatic derivatives."""
import keras
import numpy as np
import pytest
from cases import factory

autoencoder = factory("5-contractive")


def with_random_weights(hidden_layers, lambtha=0.1):
    """Builds a model of which about half of the units are active."""
    models = autoencoder(20, hidden_layers, 6, lambtha)
    random = np.random.default_rng(0)
    models[0].set_weights([
        random.normal(scale=0.5, size=weights.shape)
        for weights in models[0].get_weights()])
    return models, random.random((9, 20)).astype("float32")


def squared_jacobians(encoder, x):
    """Returns the squared Frobenius norms of d code / d input, by automatic
    differentiation, one for each row."""
    if keras.__version__ < "3" or keras.backend.backend() == "tensorflow":
        import tensorflow as tf
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            code = encoder(x)
        jacobians = tape.batch_jacobian(code, x)
    elif keras.backend.backend() == "torch":
        import torch
        jacobians = torch.func.vmap(torch.func.jacrev(
            lambda row: encoder(row[None])[0]))(torch.tensor(x)).detach()
    else:
        import jax
        jacobians = jax.vmap(jax.jacobian(
            lambda row: encoder(row[None])[0]))(x)
    return (np.asarray(jacobians, "float64") ** 2).sum(axis=(1, 2))


@pytest.mark.parametrize("hidden_layers", [[], [16], [16, 12], [9, 30, 8]])
def test_penalty_is_the_squared_jacobian(hidden_layers):
    (encoder, _, auto), x = with_random_weights(hidden_layers)
    auto(x)
    penalty, = (float(loss) for loss in auto.losses)
    expected = squared_jacobians(encoder, x)
    assert 0 < expected.min() < expected.max()
    assert penalty == pytest.approx(0.1 * expected.mean(), rel=1e-4)


def test_gradient_of_the_penalty_is_right():
    """Compared with finite differences in NumPy, kernel by kernel."""
    (encoder, _, auto), x = with_random_weights([16, 12], lambtha=1)
    weights = encoder.get_weights()

    def penalty(weights):
        total = 0
        for row in x.astype("float64"):
            jacobian = np.eye(20)
            for kernel, bias in zip(weights[::2], weights[1::2]):
                row = row @ kernel + bias
                jacobian = (jacobian @ kernel) * (row > 0)
                row = np.maximum(row, 0)
            total += (jacobian ** 2).sum()
        return total / len(x)

    # With one step of plain gradient descent on the penalty alone.
    auto.compile(optimizer=keras.optimizers.SGD(1e-6),
                 loss="binary_crossentropy", loss_weights=[0.0])
    auto.fit(x, x, batch_size=len(x), verbose=0)
    for i, (old, new) in enumerate(zip(weights, encoder.get_weights())):
        if old.ndim == 1:
            assert (old == new).all()  # the penalty does not depend on it
            continue
        direction = np.random.default_rng(i).normal(size=old.shape)
        sides = []
        for sign in (-1, 1):
            moved = [w.astype("float64") for w in weights]
            moved[i] = moved[i] + sign * 1e-6 * direction
            sides.append(penalty(moved))
        slope = (sides[1] - sides[0]) / 2e-6
        step = (old.astype("float64") - new) / 1e-6
        # Float32 weights of about 1, moved by about 1e-4: three digits.
        assert (step * direction).sum() == pytest.approx(slope, rel=2e-2)


def test_penalty_follows_the_weights_after_cloning_and_loading(tmp_path):
    (encoder, _, auto), x = with_random_weights([16, 12])
    clone = keras.models.clone_model(auto).layers[1]
    clone.set_weights([2 * weights for weights in encoder.get_weights()])
    auto.save(tmp_path / "auto.keras")
    loaded = keras.models.load_model(tmp_path / "auto.keras").layers[1]
    for model in (clone, loaded, encoder):
        model(x)
        penalty, = (float(loss) for loss in model.losses)
        assert penalty == pytest.approx(
            0.1 * squared_jacobians(model, x).mean(), rel=1e-4)
        assert len(model.weights) == 6


@pytest.mark.long
def test_penalty_steadies_the_code():
    """Noise in the input moves it by a smaller fraction of its variance."""
    random = np.random.default_rng(0)
    pitch, phase = random.random((2, 1000, 1))
    x = (0.5 + 0.4 * np.sin((2 + 4 * pitch) * np.linspace(0, 1, 20)
                            + 6 * phase)).astype("float32")
    noisy = x + random.normal(scale=0.1, size=x.shape)
    moved = {0: 0, 1e-4: 0}
    for lambtha in moved:
        for seed in range(3):
            keras.utils.set_random_seed(seed)
            encoder, _, auto = autoencoder(20, [64, 32], 4, lambtha)
            auto.fit(x, x, epochs=60, verbose=0)
            codes = encoder.predict(x, verbose=0)
            change = encoder.predict(noisy, verbose=0) - codes
            moved[lambtha] += change.var() / codes.var(axis=0).mean()
    assert moved[1e-4] < 0.85 * moved[0]


def test_the_code_before_the_penalty_serves_a_classifier():
    (encoder, _, _), x = with_random_weights([16])
    encoder(x)
    assert len(encoder.losses) == 1
    code = keras.Model(encoder.input, encoder.layers[-2].output)
    inputs = keras.Input((20,))
    classifier = keras.Model(
        inputs, keras.layers.Dense(3, activation="softmax")(code(inputs)))
    classifier(x)
    assert not classifier.losses
    assert (code.predict(x, verbose=0) == encoder.predict(x, verbose=0)).all()


@pytest.mark.skipif(keras.__version__ < "3", reason="Keras 2 cannot quantize")
@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize`")
@pytest.mark.parametrize("mode", [
    "int8", pytest.param("int4", marks=pytest.mark.long)])
def test_quantized_it_has_no_penalty(mode, tmp_path):
    (encoder, decoder, auto), x = with_random_weights([16], lambtha=1e-3)
    with_penalty = auto.test_on_batch(x, x)
    penalty = 1e-3 * squared_jacobians(encoder, x).mean()
    assert penalty > 0.01
    auto.quantize(mode)
    auto.save(tmp_path / "auto.keras")
    for model in auto, keras.models.load_model(tmp_path / "auto.keras"):
        model.compile(loss="binary_crossentropy")
        # The fresh decoder gives one half whatever its code.
        assert model.test_on_batch(x, x) == pytest.approx(np.log(2), rel=1e-3)
    assert with_penalty == pytest.approx(np.log(2) + penalty, rel=1e-4)
