"""The vanilla autoencoder: it learns more than Keras's defaults would."""
import keras
import numpy as np
import pytest
from cases import factory


def with_default_values(hidden_layers, latent_dims):
    """Builds the same autoencoder with the initial values Keras has."""
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
    """Trains for ten epochs; returns validation loss and dead units."""
    history = auto.fit(train, train, epochs=10, batch_size=256, verbose=0,
                       validation_data=(test, test)).history
    codes = encoder.predict(test, batch_size=1000, verbose=0)
    return history["val_loss"][-1], int((codes == 0).all(axis=0).sum())


@pytest.mark.long
def test_initial_values_leave_no_dead_code(mnist):
    """Why the code starts at 3: from 0 or from 1 on, units die."""
    dead = dict.fromkeys(("Keras's defaults", 0, 1, 3), 0)
    for seed in range(5):
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
    print("dead units of 160:", dead)
    assert dead[3] == 0
    assert min(dead["Keras's defaults"], dead[0]) >= 8
    assert dead[1] >= 3


def test_fresh_output_is_one_half():
    _, _, auto = factory("0-vanilla")(784, [128, 64], 32)
    x = np.random.default_rng(0).random((5, 784))
    assert (auto.predict(x, verbose=0) == 0.5).all()
