"""What can be seen of a model without using it: layers and how they join."""
import numpy as np

SETTINGS = ("units", "activation", "filters", "kernel_size", "strides",
            "padding", "pool_size", "size", "interpolation", "max_value",
            "negative_slope", "threshold")


def plain(value):
    """Returns a setting of a layer as JSON can hold it."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    name = getattr(value, "__name__", type(value).__name__)
    # A layer as activation, unless it is not the plain one.
    changed = any(getattr(value, key, None) for key in (
        "max_value", "negative_slope", "threshold"))
    return name if changed else {"ReLU": "relu", "Sigmoid": "sigmoid"}.get(
        name, name)


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


def operations(model):
    """Lists a model's layers from inputs to outputs, and who feeds whom."""
    layers, sources = [], {}

    def visit(tensor):
        layer, index, _ = tensor._keras_history
        if id(layer) not in sources:
            sources[id(layer)] = []
            if not any(tensor is given for given in model.inputs):
                node = layer._inbound_nodes[index]
                given = getattr(node, "keras_inputs", None)  # Keras 2
                given = node.input_tensors if given is None else given
                sources[id(layer)] = [visit(part) for part in given]
            layers.append(layer)
        return id(layer)

    ends = [visit(tensor) for tensor in model.outputs]
    place = {id(layer): number for number, layer in enumerate(layers)}
    return (layers, [[place[source] for source in sources[id(layer)]]
                     for layer in layers], [place[end] for end in ends])


def describe(model):
    """Describes a model's layers: kind, settings, sources, weights."""
    layers, sources, ends = operations(model)
    return {"ends": ends, "layers": [{
        "kind": kind(layer), "from": source,
        "settings": {key: plain(getattr(layer, key)) for key in SETTINGS
                     if hasattr(layer, key)},
        "weights": [list(weights.shape) for weights in weights_of(layer)],
    } for layer, source in zip(layers, sources)]}


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
