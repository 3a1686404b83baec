"""Promises on what a module defines and returns, and on its layers."""
import numpy as np

from .case import Missing, parameters
from .hints import hint
from .listing import IDEAS, Arguable, Broken, promise, row

ONE_CODE = tuple(idea for idea in IDEAS if idea != "variational")
MODELS = "encoder", "decoder", "auto"
NOT_MODELS = {"NoneType": "None", "tuple": "a tuple", "list": "a list"}


def close(one, other):
    """Says whether arrays agree as far as single precision lets them."""
    one, other = np.asarray(one), np.asarray(other)
    return one.shape == other.shape and np.allclose(
        one, other, rtol=1e-3, atol=1e-4)


@promise("function", "the module defines autoencoder")
def function(case):
    """Finds the names of other functions, if it is not there."""
    if "defined" in case.evidence:
        names = case.evidence["defined"]
        return Broken("a function autoencoder", row(names),
                      "the function has another name" if names else "")


@promise("signature", "autoencoder takes the arguments that the task names")
def signature(case):
    """Compares names; more arguments may follow if they have defaults."""
    if "defined" in case.evidence and "parameters" not in case.evidence:
        raise Missing("see function")
    expected, found = parameters(case.idea), case.evidence["parameters"]
    count = len(expected)
    if [name for name, _ in found[:count]] != expected or any(
            required for _, required in found[count:]):
        return Broken(row(expected), row(name for name, _ in found))


def call(arguments):
    """Writes the call of a factory."""
    return f"autoencoder({row(arguments)})"


@promise("returns", "it returns three models: encoder, decoder, auto")
def returns(case):
    """Refuses encoders and decoders whose layers cannot be seen."""
    if "defined" in case.evidence and "parameters" not in case.evidence:
        raise Missing("see function")
    expected = "encoder, decoder, auto, made by keras.Model(inputs, outputs)"
    for place, arguments in enumerate(case.request["builds"]):
        error = case.evidence["errors"].get(f"build {place}")
        if error:
            likely = hint(error)
            if case.idea == "convolutional" and "ncompatible" in error:
                likely = "the encoder does not give latent_dims: " + (
                    "filters are told apart by their number" if place else
                    "has its pooling same padding?")
            return Broken(expected, f"{call(arguments)} ends with {error}",
                          likely)
        found = case.evidence["builds"][place]
        forms = [NOT_MODELS.get(form, form) for form in found["forms"]]
        if forms == ["None"]:
            return Broken(expected, "None", "nothing is returned yet")
        if len(forms) != 3:
            return Broken(expected, f"{len(forms)} of three: {row(forms)}")
        if not found["models"]:
            return Broken(expected, row(forms), (
                "a subclass of Model hides its layers: connect them instead"
                if any("(keras.Model)" in form for form in forms[:2])
                else ""))
        if found["order"] != [0, 1, 2]:
            names = [MODELS[found["order"].index(place)]
                     for place in range(3)]
            return Broken(row(MODELS), row(names),
                          "the right models in another order")


@promise("list", "the list that it is given stays as it is")
def unchanged(case):
    """Compares the list before and after each call."""
    for place, arguments in case.built:
        given, left = arguments[1], case.evidence["builds"][place]["given"]
        if left != given and left == given[::-1]:
            return Arguable(row(given), row(left), (
                "the caller's list was reversed in place: the task does not "
                "forbid it, but the caller's next use of it goes wrong"))
        if left != given:
            return Broken(row(given), row(left),
                          "the list was emptied or filled in place")


def due(case, part, arguments):
    """Returns kinds and sizes of the layers that a part should have."""
    dims, sizes, latent = arguments[:3]
    if case.idea == "convolutional":
        if part == "encoder":
            return ["Conv2D", "MaxPooling2D"] * len(sizes), list(sizes)
        return (["Conv2D", "UpSampling2D"] * len(sizes) + ["Conv2D"],
                [*sizes[::-1], dims[-1]])
    codes = [latent] * (2 if case.idea == "variational" else 1)
    sizes = [*sizes, *codes] if part == "encoder" else [*sizes[::-1], dims]
    return ["Dense"] * len(sizes), sizes


def layers(case, part):
    """Compares number and kinds of layers."""
    for place, arguments in case.built:
        expected, _ = due(case, part, arguments)
        found = [layer["kind"] for layer in case.layers(part, place)]
        if found != expected:
            others = sorted(set(found) - set(expected))
            likely = (f"not in the task: {row(others)}" if others else
                      "a layer is missing" if len(found) < len(expected) else
                      "a layer too many" if len(found) > len(expected) else "")
            return Broken(f"{row(expected)} for {arguments[1]}", row(found),
                          likely)


def order(case, part):
    """Compares units or filters of layers, in order."""
    for place, arguments in case.built:
        _, expected = due(case, part, arguments)
        found = [
            layer["settings"].get("units", layer["settings"].get("filters"))
            for layer in case.layers(part, place) if layer["weights"]]
        if found != expected:
            given = list(arguments[1])
            hidden, wanted = found[:len(given)], expected[:len(given)]
            likely = ""
            if hidden == wanted:
                likely = "the last layer has another size"
            elif hidden == wanted[::-1]:
                likely = (f"the {part} has the hidden layers in the order of "
                          f"the {'encoder' * (part == 'decoder')}"
                          f"{'decoder' * (part == 'encoder')}")
            elif sorted(hidden) == sorted(given):
                likely = (f"the {part} has the hidden layers in an order "
                          "which is neither that of the list nor its reverse")
            return Broken(f"{row(expected)} for {given}", row(found), likely)


def activations(case, part):
    """Compares the activations of layers."""
    names = [layer["activation"] for layer in case.layers(part)
             if layer["weights"]]
    expected = ["relu"] * len(names)
    if part == "decoder":
        expected[-1] = "sigmoid"
    elif case.idea == "variational":
        expected[-2:] = ["linear"] * 2
    if names != expected:
        return Broken(row(expected), row(names), row(dict.fromkeys(
            f"{one} instead of {other}"
            for one, other in zip(names, expected) if one != other)))


def setting(case, part, kind, name, expected):
    """Compares one setting of all layers of a kind."""
    for place, _ in case.built:
        found = [layer["settings"][name] for layer in case.layers(part, place)
                 if layer["kind"] == kind]
        right = expected(len(found))
        if not right or found[:len(right)] != right:
            return Broken(row(right), row(found))


def kernels(case, part):
    """Wants kernels of 3 x 3; the task leaves the decoder's last one open."""
    broken = setting(case, part, "Conv2D", "kernel_size", lambda count: (
        [[3, 3]] * (count - (part == "decoder"))))
    last = case.layers(part)[-1]["settings"].get("kernel_size", [3, 3])
    if not broken and last != [3, 3]:
        return Arguable("[3, 3]", row([last]), (
            "for the kernel of the last convolution the task has no words"))
    return broken


def upsampling(case, part):
    """Wants upsampling by 2 x 2; the task leaves open what is in between."""
    broken = setting(case, part, "UpSampling2D", "size",
                     lambda count: [[2, 2]] * count)
    return broken or setting(
        case, part, "UpSampling2D", "interpolation",
        lambda count: ["nearest"] * count) and Arguable(
            "nearest, which is Keras's default", "another interpolation",
            "the task names none")


def output(case, part):
    """Compares what encoder or decoder gives with what its layers say."""
    for place, found in enumerate(case.stage("outputs"), start=1):
        codes = [np.asarray(code) for code in found["encoder"]]
        if part == "encoder":
            given, x = codes[0], case.x
        else:
            given, x = found["decoder"], codes[found["code"]]
        if not close(given, case.forward(part, place, x)[-1]):
            return Broken("what its layers give, one after the other",
                          "something else",
                          "a layer is skipped, or used in another place")


CONVOLUTIONAL = ("convolutional",)
# Of each part: name, what it says, whose it is, check and its arguments.
SHARED = {
    "encoder": [
        ("layers", "the encoder has the layers of the task, and no other",
         IDEAS, layers),
        ("order", "the encoder's layers have the sizes given, in order",
         IDEAS, order),
        ("activations", "relu in the encoder, none for mean and log variance",
         IDEAS, activations),
        ("kernels", "the encoder's convolutions are 3 x 3", CONVOLUTIONAL,
         kernels),
        ("padding", "the encoder's convolutions have same padding",
         CONVOLUTIONAL, setting, "Conv2D", "padding",
         lambda count: ["same"] * count),
        ("pooling", "max pooling is by 2 x 2", CONVOLUTIONAL, setting,
         "MaxPooling2D", "pool_size", lambda count: [[2, 2]] * count),
        ("output", "the encoder computes what its layers say", ONE_CODE,
         output)],
    "decoder": [
        ("layers", "the decoder has the layers of the task, and no other",
         IDEAS, layers),
        ("order", "the decoder's layers have the encoder's sizes, reversed",
         IDEAS, order),
        ("activations", "relu in the decoder, sigmoid at its end", IDEAS,
         activations),
        ("kernels", "the decoder's convolutions are 3 x 3", CONVOLUTIONAL,
         kernels),
        ("padding", "same padding, valid in the last convolution but one",
         CONVOLUTIONAL, setting, "Conv2D", "padding",
         lambda count: [*["same"] * (count - 2), "valid"]),
        ("upsampling", "upsampling is by 2 x 2", CONVOLUTIONAL, upsampling),
        ("output", "the decoder computes what its layers say", IDEAS,
         output)],
}


def add_shared(part, before, name, text, ideas, check, *arguments):
    """Adds a promise of encoder or decoder to the list."""
    promise(f"{part}.{name}", text, ideas, tuple(before))(
        lambda case: check(case, part, *arguments))


for part, promises in SHARED.items():
    before = []
    for name, *rest in promises:
        add_shared(part, before if name == "output" else before[:1],
                   name, *rest)
        before.append(f"{part}.{name}")
