"""The numbered modules, their mains, and sizes to build each of them with."""
import keras
from lab import modules

MODULES = modules.find()
MAINS = {f"{name[0]}-main.py": name for name in MODULES}
# Weights beyond the sizes, of the modules that take rows of numbers; what can
# be switched on stays off.
DENSE = {
    name: tuple(value for value in module.arguments.values()
                if value is not False)
    for name, module in MODULES.items() if not module.takes_images}
SMALL = {name: (12, [8, 6], 4, *DENSE[name]) if name in DENSE else
         ((8, 8, 1), [4, 2], (2, 2, 2)) for name in MODULES}


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
