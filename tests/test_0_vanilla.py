"""The vanilla autoencoder: its initial values, against Keras's defaults."""
import keras
import numpy as np
import pytest
from cases import factory


def with_default_values(hidden_layers, latent_dims):
    """Builds the same autoencoder with Keras's default initial values."""
    x = inputs = keras.Input((784,))
    for units in hidden_layers:
        x = keras.layers.Dense(units, activation="relu")(x)
    code = x = keras.layers.Dense(latent_dims, activation="relu")(x)
    for units in reversed(hidden_layers):
        x = keras.layers.Dense(units, activation="relu")(x)
    outputs = keras.layers.Dense(784, activation="sigmoid")(x)
    auto = keras.Model(inputs, outputs)
    auto.compile(optimizer="adam", loss="binary_crossentropy")
    return keras.Model(inputs, code), auto


def learned(encoder, auto, train, test):
    """Trains for ten epochs; returns the test loss and the dead units."""
    auto.fit(train, train, epochs=10, batch_size=256, verbose=0)
    codes = encoder.predict(test, batch_size=1000, verbose=0)
    loss = auto.evaluate(test, test, batch_size=1000, verbose=0)
    return loss, int((codes == 0).all(axis=0).sum())


@pytest.mark.long
def test_initial_values_leave_no_dead_code(mnist):
    """The reason for a bias of 3: with 0 units die."""
    dead = {"Keras's defaults": 0, 0: 0, 3: 0}
    for seed in range(3):
        losses = {}
        for start in dead:
            keras.utils.set_random_seed(seed)
            if start == "Keras's defaults":
                encoder, auto = with_default_values([128, 64], 32)
            else:
                encoder, _, auto = factory("0-vanilla")(784, [128, 64], 32)
                kernel, bias = encoder.layers[-1].get_weights()
                assert (bias == 3).all()
                encoder.layers[-1].set_weights([kernel, 0 * bias + start])
            losses[start], count = learned(encoder, auto, *mnist)
            dead[start] += count
        print(f"seed {seed}, losses", losses)
        assert losses[3] < losses["Keras's defaults"]
    print("dead units of 96:", dead)
    assert dead[3] == 0
    assert dead["Keras's defaults"] >= dead[0] >= 4


def test_fresh_output_is_one_half():
    _, _, auto = factory("0-vanilla")(784, [128, 64], 32)
    x = np.random.default_rng(0).random((5, 784))
    assert (auto.predict(x, verbose=0) == 0.5).all()
