"""The numbered modules and arguments to build each of them with."""
import keras

DENSE = {
    "0-vanilla": (),
    "1-sparse": (1e-5,),
    "3-variational": (),
    "4-denoising": (0.5,),
    "5-contractive": (1e-4,),
}
SMALL = {
    "0-vanilla": (12, [8, 6], 4),
    "1-sparse": (12, [8, 6], 4, 1e-5),
    "2-convolutional": ((8, 8, 1), [4, 2], (2, 2, 2)),
    "3-variational": (12, [8, 6], 4),
    "4-denoising": (12, [8, 6], 4, 0.5),
    "5-contractive": (12, [8, 6], 4, 1e-4),
}


def factory(module):
    """Returns a module's factory."""
    return __import__(module).autoencoder


def shape(module):
    """Returns the shape of one input of the small model."""
    dims = SMALL[module][0]
    return dims if isinstance(dims, tuple) else (dims,)


def kinds(model):
    """Names the classes of a model's layers."""
    return [type(layer).__name__ for layer in model.layers]


def activations(model):
    """Names the activations of a model's layers that have one."""
    return [keras.activations.serialize(layer.activation)
            for layer in model.layers if hasattr(layer, "activation")]


def first(outputs):
    """Returns the code of an encoder's outputs, be they one or several."""
    return outputs[0] if isinstance(outputs, (list, tuple)) else outputs
