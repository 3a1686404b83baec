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
        if not found or found != expected(len(found)):
            return Broken(row(expected(len(found))), row(found))


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


def add_parts():
    """Adds the promises that encoder and decoder have in common."""
    convolutional = ("convolutional",)
    for part in ("encoder", "decoder"):
        structure = [f"{part}.layers", f"{part}.order", f"{part}.activations"]

        def add(name, text, check, *arguments, ideas=IDEAS, needs=None,
                part=part):
            promise(f"{part}.{name}", text, ideas,
                    needs or ("returns", f"{part}.layers"))(
                        lambda case: check(case, part, *arguments))

        mirrored = "reversed " if part == "decoder" else ""
        add("layers", f"number and kinds of the {part}'s layers", layers,
            needs=("returns",))
        add("order", f"the {part} has the given sizes, {mirrored}in order",
            order)
        add("activations", f"activations of the {part}'s layers", activations)
        if part == "encoder":
            paddings = ("padding", lambda count: ["same"] * count)
            scale = "pooling", "MaxPooling2D", "pool_size"
        else:
            paddings = ("padding", lambda count: [
                *["same"] * (count - 2), "valid", "same"])
            scale = "upsampling", "UpSampling2D", "size"
        add("kernels", "its convolutions are 3 x 3", setting, "Conv2D",
            "kernel_size", lambda count: [[3, 3]] * count,
            ideas=convolutional)
        add("padding", "same padding, but valid in the decoder's last but one",
            setting, "Conv2D", *paddings, ideas=convolutional)
        add(scale[0], f"{scale[0]} by 2 x 2", setting, *scale[1:],
            lambda count: [[2, 2]] * count, ideas=convolutional)
        structure += [f"{part}.kernels", f"{part}.padding",
                      f"{part}.{scale[0]}"]
        add("output", f"the {part} computes what its layers say", output,
            ideas=ONE_CODE if part == "encoder" else IDEAS,
            needs=(*structure, "runs"))


add_parts()
