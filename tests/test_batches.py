"""Order and draws of the images in each epoch."""
import keras
import numpy as np
import pytest
from data_files import IMAGES, dataset
from lab.progress import Progress


def batches(images=IMAGES, size=10, flat=True, **how):
    """Returns batches of training images, shuffled by a seed of 3."""
    return dataset(images, images).batches(
        "train", size, flat, **{"seed": 3, **how})


def test_batches_cover_every_image_once():
    images = np.arange(50, dtype="uint8").reshape(50, 1, 1)

    def order(found):
        seen = np.concatenate([inputs for inputs, _ in found.once()])
        return (seen.ravel() * 255).round().astype(int).tolist()

    shuffled, orders = batches(images, 8), []
    for epoch in (0, 1, 0):
        shuffled.start_epoch(epoch)
        orders.append(order(shuffled))
        assert sorted(orders[-1]) == [*range(50)]
    assert orders[0] == orders[2] != orders[1]
    assert order(batches(images, 50, seed=4)) != orders[0]
    assert order(batches(images, 50, seed=None)) == [*range(50)]


def test_images_are_rows_or_as_they_are():
    for flat, shape in (True, (30,)), (False, (6, 5, 1)):
        inputs, targets = batches(flat=flat)[0]
        assert inputs.shape == (10, *shape)
        assert inputs.dtype == "float32" and (inputs == targets).all()


def test_labels_are_those_of_the_images_that_are_used():
    data = dataset(IMAGES, IMAGES, np.arange(len(IMAGES)))
    some = data.batches("train", 8, True, rows=np.array([5, 2]))
    assert some.labels.tolist() == [5, 2]
    assert (some[0][0] == some.prepare(data.train[[5, 2]])).all()
    assert (some.all() == some[0][0]).all()


def test_targets_may_be_others():
    found = batches(targets=np.arange(30))
    inputs, targets = found[1]
    assert targets.tolist() == found.order[10:20].tolist()
    assert (inputs == found.prepare(IMAGES[targets][..., None])).all()


@pytest.mark.parametrize("shuffle", [False, True])
def test_fit_shuffles_anew_in_each_epoch(shuffle):
    """Also without the callback of the mains."""
    images = np.linspace(0, 1, 40, dtype="float32").reshape(40, 1)
    seen = []
    shuffled = batches(images)
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    model.compile("sgd", "mse")
    model.fit(shuffled, epochs=3, shuffle=shuffle, verbose=0, callbacks=[
        keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda *_: seen.append(shuffled.order.tolist()))])
    assert len(seen) == 3 and len({tuple(order) for order in seen}) == 3
    expected = batches(images)
    for epoch, order in enumerate(seen):
        expected.start_epoch(epoch)
        assert order == expected.order.tolist()


def test_each_epoch_draws_order_and_noise_anew(tmp_path):
    """The same whether a training began before it or with it."""
    def drawn(first):
        images = np.linspace(0, 1, 40, dtype="float32").reshape(40, 1)
        shuffled, seen = batches(images), []
        keras.utils.set_random_seed(0)
        x = inputs = keras.Input((1,))
        for _ in range(2):
            x = keras.layers.GaussianNoise(0.1)(x)
        model = keras.Model(inputs, keras.layers.Dense(1)(x))
        model.compile("sgd", "mse")
        model.fit(
            shuffled.for_fit(), epochs=3, initial_epoch=first, shuffle=False,
            verbose=0, callbacks=[
                Progress(tmp_path, shuffled, 3, []),
                keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: (
                    seen.append([shuffled.order.tolist(), *(
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


def test_each_batch_of_each_epoch_has_separate_draws():
    noisy = batches(
        np.zeros((40, 1), "float32"), 8, draw=lambda images, random: (
            images + random.random(images.shape), images))
    draws = []
    for epoch in 0, 1:
        noisy.start_epoch(epoch)
        draws += [inputs.tobytes() for inputs, _ in noisy.once()]
    assert len({*draws}) == len(draws)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow",
                    reason="other backends take them as they are")
def test_pipeline_gives_the_same_in_each_epoch():
    drawn = batches(size=8, draw=lambda images, random: (
        images + random.random(images.shape), images))  # float64
    pipeline = drawn.for_fit()
    assert len(pipeline) == len(drawn)
    assert pipeline.options().autotune.enabled is False  # epochs waited for it
    for epoch in 0, 1:
        drawn.start_epoch(epoch)
        for number, pair in enumerate(pipeline):
            for one, other in zip(pair, drawn[number]):
                assert (one.numpy() == other).all()
