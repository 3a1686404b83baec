"""The images of each epoch: their order, and what is drawn anew."""
import keras
import numpy as np


class Batches(keras.utils.PyDataset):
    """Batches of images as input and target, scaled as the model takes them.

    The order depends on `seed` and `epoch` alone, so that a run can be taken
    up at any epoch. Without a seed the images come in their own order.

    Made by `Dataset.batches`, which says what the arguments are.
    """

    def __init__(self, images, labels, scaling, batch_size, flat, seed=None,
                 rows=None, draw=None, targets=None, passes=1):
        super().__init__()
        self.images, self.scaling = images, scaling
        self.batch_size, self.flat, self.seed = batch_size, flat, seed
        self.rows = np.arange(len(images)) if rows is None else rows
        self.labels = None if labels is None else labels[self.rows]
        self.draw, self.targets, self.passes = draw, targets, passes
        self.start_epoch(0)

    def start_epoch(self, epoch):
        """Shuffles the images as `seed` and `epoch` say."""
        self.epoch, self.order = epoch, self.rows.copy()
        self.given = 0
        if self.seed is not None:
            random = np.random.default_rng((self.seed, epoch))
            self.order = np.concatenate([
                random.permutation(self.rows) for _ in range(self.passes)])

    def on_epoch_end(self):
        """Goes on to the next epoch, once all of this one was given.

        Keras also calls this after it has only looked at the first batches.
        """
        if self.given >= len(self):
            self.start_epoch(self.epoch + 1)

    def __len__(self):
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, index):
        self.given += 1
        start = index * self.batch_size
        rows = self.order[start:start + self.batch_size]
        inputs = targets = self.prepare(self.images[rows])
        if self.draw:
            random = np.random.default_rng((self.seed, self.epoch, index))
            inputs, targets = (np.asarray(values, "float32")
                               for values in self.draw(inputs, random))
        if self.targets is not None:
            targets = self.targets[rows]
        return inputs, targets

    def once(self):
        """Yields all batches, once."""
        for index in range(len(self)):
            yield self[index]

    def for_fit(self):
        """Returns what `fit` takes these batches from fastest.

        With TensorFlow that is a `tf.data` pipeline, which makes batches while
        the model trains. (Keras would start a generator twice in each epoch,
        and wait for it.) Its autotuning is off: at the end of an epoch the
        thread that tunes is stopped, which sometimes takes seconds.
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
