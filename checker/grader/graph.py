"""What can be seen of a model without training it: its layers, in order."""
import numpy as np

from .reference import ACTIVATIONS

SETTINGS = ("units", "filters", "kernel_size", "strides", "padding",
            "dilation_rate", "groups", "data_format", "pool_size", "size",
            "interpolation")
# Layers that do something in training only, or add to the loss.
SIDE_EFFECTS = "Noise", "Dropout", "Regularization"


def plain(value):
    """Returns a setting of a layer as JSON can hold it."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return getattr(value, "__name__", type(value).__name__)


def array(values):
    """Returns a tensor of any backend, or anything else, as an array."""
    import keras
    return getattr(keras.ops if hasattr(keras, "ops") else keras.backend,
                   "convert_to_numpy", np.asarray)(values)


def tensor(values):
    """Returns an array as a tensor of Keras's backend."""
    import keras
    if hasattr(keras, "ops"):
        return keras.ops.convert_to_tensor(values)
    return keras.backend.constant(values)  # Keras 2


def named(function, shape):
    """Returns the name of the function that computes the same, or None.

    Values are within 80 of 0, so that the exponential of none is infinite.
    """
    random = np.random.default_rng(0)
    x = np.concatenate([random.uniform(-reach, reach, (4, *shape))
                        for reach in (80, 8, 0.8)]).astype("float32")
    try:
        y = array(function(tensor(x)))
    except Exception:  # whatever a function of somebody's own may do
        return None
    return next((name for name, known in ACTIVATIONS.items()
                 if np.shape(y) == x.shape and np.allclose(
                     y, known(x.astype("float64")), rtol=1e-4, atol=1e-6)),
                None)


def weights_of(layer):
    """Returns the weights of a layer; an operation such as `a + b` has none.

    Counters and the state of random numbers are not weights.
    """
    return [weights for weights in getattr(layer, "get_weights", list)()
            if np.issubdtype(weights.dtype, np.floating)]


def kind(layer):
    """Names the class of Keras that a layer is, or is derived from."""
    return next((cls.__name__ for cls in type(layer).__mro__
                 if cls.__module__.split(".")[0] in ("keras", "tensorflow")),
                type(layer).__name__)


def form(model):
    """Says whether a model is functional, sequential, a subclass or none.

    A subclass that is made of inputs and outputs is functional.
    """
    import keras
    names = [cls.__name__ for cls in type(model).__mro__]
    for name in ("Sequential", "Functional"):
        if name in names:
            return name
    return names[0] + "(keras.Model)" * isinstance(model, keras.Model)


def readable(model):
    """Says whether the layers of a model can be seen."""
    return form(model) in ("Functional", "Sequential")


def sources(tensor):
    """Returns the tensors that a tensor was computed from."""
    layer, index, _ = tensor._keras_history
    node = layer._inbound_nodes[index]
    given = getattr(node, "keras_inputs", None)  # Keras 2
    return list(node.input_tensors if given is None else given)


def operations(model):
    """Lists a model's layers with the tensor that each gives, in order.

    A model inside the model stands for the layers that it is made of.
    Returns the layers, their tensors, the places of the layers that feed
    each, and the places of those that give the model's outputs.
    """
    found, before = [], {}

    def visit(tensor, outside):
        if id(tensor) in outside:  # an inner model's input: what it is given
            return visit(*outside[id(tensor)])
        layer, _, output = tensor._keras_history
        if readable(layer):
            given = zip(layer.inputs, sources(tensor))
            return visit(layer.outputs[output], {
                id(inner): (outer, outside) for inner, outer in given})
        if id(layer) not in before:
            before[id(layer)] = []
            if not any(tensor is given for given in model.inputs):
                before[id(layer)] = [
                    visit(part, outside) for part in sources(tensor)]
            found.append((layer, tensor))
        return id(layer)

    ends = [visit(tensor, {}) for tensor in model.outputs]
    place = {id(layer): number for number, (layer, _) in enumerate(found)}
    return ([layer for layer, _ in found], [tensor for _, tensor in found],
            [[place[source] for source in before[id(layer)]]
             for layer, _ in found], [place[end] for end in ends])


def activation(layer, tensor):
    """Returns the name of the function that a layer applies to each number.

    Of a layer with weights, that is its activation; of another, what it does
    to its one input, if its output has the same shape.
    """
    if hasattr(layer, "activation") and weights_of(layer):
        if layer.activation is None:
            return "linear"
        name = plain(layer.activation)
        return named(layer.activation, (8,)) or (
            f"{name} (by its name only)" if name in ACTIVATIONS else name)
    if hasattr(layer, "activation") and kind(layer) == "Activation":
        return named(layer.activation, (8,))
    if any(word in kind(layer) for word in ("InputLayer", *SIDE_EFFECTS)):
        return None
    given = sources(tensor)
    if weights_of(layer) or len(given) != 1 or None in given[0].shape[1:] or (
            tuple(given[0].shape) != tuple(tensor.shape)):
        return None
    import keras
    alone = keras.Model(given[0], tensor)
    names = {named(lambda x, training=training: alone(x, training=training),
                   given[0].shape[1:]) for training in (False, True)}
    return None if len(names) > 1 or alone.losses else names.pop()


def describe(model):
    """Describes a model's layers: kind, settings, sources, weights."""
    layers, tensors, before, ends = operations(model)
    return {"ends": ends, "layers": [{
        "kind": kind(layer), "from": given,
        "activation": activation(layer, tensor),
        "settings": {key: plain(getattr(layer, key)) for key in SETTINGS
                     if hasattr(layer, key)},
        "weights": [list(weights.shape) for weights in weights_of(layer)],
    } for layer, tensor, given in zip(layers, tensors, before)]}


def feeding(layers):
    """Returns the places of all layers that some layer with weights needs."""
    found, waiting = set(), [source for layer in layers if layer["weights"]
                             for source in layer["from"]]
    while waiting:
        place = waiting.pop()
        if place not in found:
            found.add(place)
            waiting += layers[place]["from"]
    return found


def heads(layers):
    """Returns the places of those layers with weights that feed no other."""
    before = feeding(layers)
    return [place for place, layer in enumerate(layers)
            if layer["weights"] and place not in before]
