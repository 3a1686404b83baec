"""Promises on what a module defines and returns, and on its layers."""
import re

import numpy as np

from .listing import IDEAS, Broken, promise, row

ONE_CODE = tuple(idea for idea in IDEAS if idea != "variational")
EXTRA = {"sparse": ["lambtha"], "denoising": ["noise"],
         "contractive": ["lambtha"]}


def close(one, other):
    """Says whether arrays agree as far as single precision lets them."""
    one, other = np.asarray(one), np.asarray(other)
    return one.shape == other.shape and np.allclose(
        one, other, rtol=1e-3, atol=1e-4)


@promise("function", "the module defines autoencoder", needs=())
def function(case):
    """Finds the names of other functions, if it is not there."""
    if "defined" in case.evidence:
        names = case.evidence["defined"]
        return Broken("a function autoencoder", row(names),
                      "the function has another name" if names else "")


@promise("signature", "autoencoder takes the arguments that the task names",
         needs=("function",))
def signature(case):
    """Compares names; more arguments may follow if they have defaults."""
    sizes = "filters" if case.idea == "convolutional" else "hidden_layers"
    expected = ["input_dims", sizes, "latent_dims", *EXTRA.get(case.idea, [])]
    parameters = case.stage("parameters")
    count = len(expected)
    if [name for name, _ in parameters[:count]] != expected or any(
            required for _, required in parameters[count:]):
        return Broken(row(expected), row(name for name, _ in parameters))


@promise("returns", "it returns three models: encoder, decoder, auto",
         needs=("function",))
def returns(case):
    """Refuses models whose layers cannot be seen."""
    expected = "encoder, decoder, auto, made by keras.Model(inputs, outputs)"
    for place, arguments in enumerate(case.request["builds"]):
        error = case.evidence["errors"].get(f"build {place}")
        if error:
            likely = ""
            if case.idea == "convolutional" and "ncompatible" in error:
                likely = "the encoder does not give latent_dims: " + (
                    "filters are told apart by their number" if place else
                    "has its pooling same padding?")
            elif re.search("expects 1 (named )?input", error):
                likely = ("the decoder is given all of the encoder's outputs "
                          "instead of z")
            call = f"autoencoder({row(arguments)})"
            return Broken(expected, f"{call} ends with {error}", likely)
        forms = case.evidence["builds"][place]["forms"]
        if any("(keras.Model)" in form for form in forms):
            return Broken(expected, row(forms), (
                "a subclass of Model hides its layers, and may train in ways "
                "of its own: connect layers instead"))
        if len(forms) != 3 or not set(forms) <= {"Functional", "Sequential"}:
            return Broken(expected, row(forms))


@promise("list", "the list that it is given stays as it is")
def unchanged(case):
    """Compares the list before and after each call."""
    for place, arguments in enumerate(case.request["builds"]):
        given, left = arguments[1], case.evidence["builds"][place]["given"]
        if left != given:
            return Broken(row(given), row(left), (
                "the list was reversed in place" if left == given[::-1]
                else "the list was emptied or filled in place"))


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
    for place, arguments in enumerate(case.request["builds"]):
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
    for place, arguments in enumerate(case.request["builds"]):
        _, expected = due(case, part, arguments)
        found = [
            layer["settings"].get("units", layer["settings"].get("filters"))
            for layer in case.layers(part, place) if layer["weights"]]
        if found != expected:
            given, count = list(arguments[1]), len(arguments[1])
            other = "encoder" if part == "decoder" else "decoder"
            likely = ""
            if found[:count] == expected[:count]:
                likely = "the last layer has another size"
            elif sorted(found[:count]) == sorted(given):
                likely = (f"the {part} has the hidden layers in the {other}'s "
                          "order")
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
    for place in range(len(case.request["builds"])):
        found = [layer["settings"][name] for layer in case.layers(part, place)
                 if layer["kind"] == kind]
        right = expected(len(found))
        if not right or found[:len(right)] != right:
            return Broken(row(right), row(found))


def output(case, part):
    """Compares what encoder or decoder gives with what its layers say."""
    for place, found in enumerate(case.stage("twice"), start=1):
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
         setting, "Conv2D", "kernel_size", lambda count: [[3, 3]] * count),
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
        # The task leaves the last convolution's kernel and padding open.
        ("kernels", "the decoder's convolutions are 3 x 3", CONVOLUTIONAL,
         setting, "Conv2D", "kernel_size",
         lambda count: [[3, 3]] * (count - 1)),
        ("padding", "same padding, valid in the last convolution but one",
         CONVOLUTIONAL, setting, "Conv2D", "padding",
         lambda count: [*["same"] * (count - 2), "valid"]),
        ("upsampling", "upsampling is by 2 x 2", CONVOLUTIONAL, setting,
         "UpSampling2D", "size", lambda count: [[2, 2]] * count),
        ("output", "the decoder computes what its layers say", IDEAS,
         output)],
}


def add_shared(part, before, name, text, ideas, check, *arguments):
    """Adds a promise of encoder or decoder to the list."""
    promise(f"{part}.{name}", text, ideas, tuple(before))(
        lambda case: check(case, part, *arguments))


for part, promises in SHARED.items():
    before = ["returns"]
    for name, *rest in promises:
        add_shared(part, [*before, "runs"] if name == "output"
                   else before[:2], name, *rest)
        before.append(f"{part}.{name}")
