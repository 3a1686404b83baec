"""Order, shares and draws of the images in each epoch."""
import keras
import numpy as np
import pytest
from data_files import IMAGES
from lab.batches import Batches
from lab.progress import Progress


def test_batches_cover_every_image_once():
    images = np.arange(50, dtype="uint8").reshape(50, 1)
    batches = Batches(images, 8, flat=True, seed=3)
    orders = []
    for epoch in (0, 1, 0):
        batches.start_epoch(epoch)
        seen = np.concatenate([batches[i][0] for i in range(len(batches))])
        orders.append((seen.ravel() * 255).round().astype(int).tolist())
        assert sorted(orders[-1]) == list(range(50))
    assert orders[0] == orders[2] != orders[1]
    other = Batches(images, 50, flat=True, seed=4)[0][0]
    assert (other.ravel() * 255).round().astype(int).tolist() != orders[0]


def test_labels_are_those_of_the_images_that_are_used():
    batches = Batches(IMAGES, 8, True, rows=np.array([5, 2]),
                      labels=np.arange(len(IMAGES)))
    assert batches.labels.tolist() == [5, 2]
    assert (batches[0][0] == batches.prepare(IMAGES[[5, 2]])).all()


@pytest.mark.parametrize("shuffle", [False, True])
def test_fit_shuffles_anew_in_each_epoch(shuffle):
    """Also without the callback of the mains."""
    images = np.arange(40, dtype="float32").reshape(40, 1) / 40
    seen = []
    batches = Batches(images, 10, flat=True, seed=3)
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    model.compile("sgd", "mse")
    model.fit(batches, epochs=3, shuffle=shuffle, verbose=0, callbacks=[
        keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda *_: seen.append(batches.order.tolist()))])
    assert len(seen) == 3 and len({tuple(order) for order in seen}) == 3
    expected = Batches(images, 10, flat=True, seed=3)
    for epoch, order in enumerate(seen):
        expected.start_epoch(epoch)
        assert order == expected.order.tolist()


def test_each_epoch_draws_order_and_noise_anew(tmp_path):
    """The same whether a training began before it or with it."""
    def drawn(first):
        images = np.arange(40, dtype="float32").reshape(40, 1) / 40
        batches, seen = Batches(images, 10, flat=True, seed=3), []
        keras.utils.set_random_seed(0)
        x = inputs = keras.Input((1,))
        for _ in range(2):
            x = keras.layers.GaussianNoise(0.1)(x)
        model = keras.Model(inputs, keras.layers.Dense(1)(x))
        model.compile("sgd", "mse")
        model.fit(
            batches.for_fit(), epochs=3, initial_epoch=first, shuffle=False,
            verbose=0, callbacks=[
                Progress(tmp_path, batches, 3, []),
                keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: (
                    seen.append([batches.order.tolist(), *(
                        keras.ops.convert_to_numpy(variable).tolist()
                        for variable in model.variables
                        if variable.name == "seed_generator_state")])))])
        return seen

    seen = drawn(0)
    assert drawn(1) == seen[1:]
    orders, *states = zip(*seen)
    assert len({tuple(order) for order in orders}) == 3
    # Two layers with noise, three epochs.
    assert len({tuple(state) for each in states for state in each}) == 6


@pytest.mark.skipif(keras.backend.backend() != "tensorflow",
                    reason="other backends take them as they are")
def test_pipeline_gives_the_same_in_each_epoch():
    batches = Batches(IMAGES, 8, True, seed=0, draw=lambda images, random: (
        images + random.random(images.shape), images))  # float64
    pipeline = batches.for_fit()
    assert len(pipeline) == len(batches)
    assert pipeline.options().autotune.enabled is False  # epochs waited for it
    for epoch in 0, 1:
        batches.start_epoch(epoch)
        for number, pair in enumerate(pipeline):
            for one, other in zip(pair, batches[number]):
                assert (one.numpy() == other).all()
