"""Convolutions of a single channel, as TensorFlow computes them fast.

TensorFlow's own fill that channel up to as many as the processor takes at a
time. A matrix product and shifts say the same, without the filling;
`benchmarks/throughput.py layers` measures both.
"""
import keras


def speed_up(model):
    """Gives the convolutions of a model that have a single channel, as input
    or output, a faster way to the same result, on TensorFlow."""
    import tensorflow as tf
    compiled = [tf.function(way, jit_compile=True)
                for way in (from_one, to_one)]
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            speed_up(layer)
        elif isinstance(layer, keras.layers.Conv2D) and (
                layer.padding == "same" and layer.groups == 1
                and layer.data_format == "channels_last"
                and layer.strides == layer.dilation_rate == (1, 1)):
            *_, channels, filters = layer.kernel.shape
            for way, count in zip(compiled, (channels, filters)):
                if count == 1:
                    layer.convolution_op = lambda images, kernel, way=way: way(
                        images, tf.convert_to_tensor(kernel))


def shifts(images, kernel):
    """Yields images moved by each place of a kernel, row by row, zeros beyond
    their border."""
    import tensorflow as tf
    height, width = images.shape[1:3]
    borders = [((side - 1) // 2, side // 2) for side in kernel.shape[:2]]
    images = tf.pad(images, [(0, 0), *borders, (0, 0)])
    for down in range(kernel.shape[0]):
        for right in range(kernel.shape[1]):
            yield images[:, down:down + height, right:right + width]


def from_one(images, kernel):
    """Convolves images of one channel: all shifts, times the kernel."""
    import tensorflow as tf
    height, width = images.shape[1:3]
    near = tf.concat([*shifts(images, kernel)], axis=-1)
    sums = tf.matmul(tf.reshape(near, (-1, near.shape[-1])),
                     tf.reshape(kernel, (near.shape[-1], -1)))
    return tf.reshape(sums, (-1, height, width, kernel.shape[-1]))


def to_one(images, kernel):
    """Convolves images to one channel: times the kernel, then one shift for
    each of its places."""
    import tensorflow as tf
    *sides, channels = images.shape[1:]
    kernel_rows = tf.reshape(kernel, (-1, channels))
    products = tf.matmul(tf.reshape(images, (-1, channels)), kernel_rows,
                         transpose_b=True)
    products = tf.reshape(products, (-1, *sides, kernel_rows.shape[0]))
    return tf.add_n([shifted[..., place:place + 1] for place, shifted in
                     enumerate(shifts(products, kernel))])
