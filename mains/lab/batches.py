"""Order, shares and draws of the images in each epoch."""
import keras
import numpy as np

from lab.scaling import scaling_of


class Batches(keras.utils.PyDataset):
    """Batches of images as input and target, scaled as the model takes them.

    The order depends on `seed` and `epoch` alone, so that a run can be taken
    up at any epoch. Without a seed the images come in their own order.

    Args:
        images: Array, in the user's units.
        batch_size: Integer.
        flat: Boolean. Whether to make each image one row of numbers.
        seed: Integer or None.
        rows: Array of integers, or None for all. The images to use.
        scaling: `Scaling`, or None for what suits the images.
        labels: Array or None. Of all the images.
        draw: Function or None. Makes of images and a random generator an input
            and a target, anew in each epoch.
        targets: Array or None. For all the images, what to learn instead.
        share: Two integers. Which part of each batch to give, of how many, as
            `distribution.place` says; a rest that cannot be shared out is
            left out.
    """

    def __init__(self, images, batch_size, flat, seed=None, rows=None,
                 scaling=None, labels=None, draw=None, targets=None,
                 share=(0, 1)):
        super().__init__()
        self.images, self.batch_size, self.flat = images, batch_size, flat
        self.seed = seed
        self.rows = np.arange(len(images)) if rows is None else rows
        self.scaling = scaling or scaling_of("images", images, images)
        self.labels = None if labels is None else labels[self.rows]
        self.draw, self.targets, self.share = draw, targets, share
        self.start_epoch(0)

    def start_epoch(self, epoch):
        """Shuffles the images as `seed` and `epoch` say."""
        self.epoch, self.order = epoch, self.rows.copy()
        self.given = 0
        if self.seed is not None:
            np.random.default_rng((self.seed, epoch)).shuffle(self.order)

    def on_epoch_end(self):
        """Goes on to the next epoch, once all of this one was given.

        Keras also calls this after it has only looked at the first batches.
        """
        if self.given >= len(self):
            self.start_epoch(self.epoch + 1)

    def __len__(self):
        whole, rest = divmod(len(self.order), self.batch_size)
        _, count = self.share
        return whole + (rest >= count)

    def __getitem__(self, index):
        self.given += 1
        start = index * self.batch_size
        rows = self.order[start:start + self.batch_size]
        number, count = self.share
        size = len(rows) // count
        part = slice(number * size, (number + 1) * size)
        if self.draw:
            random = np.random.default_rng((self.seed, self.epoch, index))
            inputs, targets = (
                np.asarray(values[part], "float32") for values in self.draw(
                    self.prepare(self.images[rows]), random))
        else:
            inputs = targets = self.prepare(self.images[rows[part]])
        if self.targets is not None:
            targets = self.targets[rows[part]]
        return inputs, targets

    def for_fit(self):
        """Returns what `fit` takes these batches from fastest.

        That is a pipeline of TensorFlow's own, where Keras computes with it:
        it makes batches beside the training. (Keras would start a generator of
        its own twice in each epoch, and wait for it.) Its autotuning is off,
        as nothing here needs it: an epoch that ends stops the thread that
        tunes, and sometimes waits for it, for seconds.
        """
        if keras.backend.backend() != "tensorflow":
            return self
        import tensorflow as tf
        shapes = [(None, *part.shape[1:]) for part in self[0]]

        def batch(index):
            parts = tf.numpy_function(
                self.__getitem__, [index], [tf.float32] * len(shapes))
            return tuple(map(tf.ensure_shape, parts, shapes))

        options = tf.data.Options()
        options.autotune.enabled = False
        pipeline = tf.data.Dataset.range(len(self)).map(batch).prefetch(2)
        return pipeline.with_options(options)

    def all(self):
        """Returns all images at once, in their own order."""
        return self.prepare(self.images[self.rows])

    def prepare(self, images):
        """Returns images as the model takes them: float32, mostly 0 to 1."""
        values = self.scaling.apply(images)
        return values.reshape(len(values), -1) if self.flat else values
