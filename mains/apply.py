#!/usr/bin/env python3
"""Applies a trained model to new data: codes, rebuilt, scores or labels.

    ./mains/apply.py runs/0-vanilla photos/ --what scores

RUN is the folder of a finished run, which has all settings. SOURCE is
what training takes (mnist, fashion_mnist and glyphs: their test part; a .npz
file: x, or else x_test, or else x_train; a table; a folder of images), or an
image, or a pattern such as 'photos/*.png'. Writes a row for each input:

codes    what the encoder gives; of the variational module, the means
rebuilt  the reconstructions, in the units of the input: images
         as PNG files of the same names, in a folder
scores   high for an anomaly: of images the squared error of what is rebuilt,
         or the negative ELBO of the variational module; of a table's rows the
         distance from known ones, in their columns and in the errors of their
         reconstruction, and the error of each column, where 1 is usual. Of
         .npz files also the squared error of each pixel
labels   1 where the score is above the run's threshold, else 0, and the
         p-value of the score: the fraction of the held-out inputs that score
         as high; of a run of classify.py, the label
"""
import argparse
import contextlib
import math
import os
import sys
from pathlib import Path

from lab import backend, command_line, flags, settings
from lab.errors import InputError

ARRAYS = (".npz", ".npy")


def parse():
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("run", metavar="RUN", type=Path, help="folder of a finished run")
    add("source", metavar="SOURCE", help="new data")
    add("--what", choices=("codes", "rebuilt", "scores", "labels"),
        required=True, help="what to compute")
    add("--contamination", type=flags.inner, metavar="FRACTION",
        help="of --what labels, between 0 and 1: the threshold is the score "
        "that this fraction of the run's held-out data exceed (default: "
        "0.05)")
    add("--fdr", type=flags.inner, metavar="FRACTION",
        help="of --what labels, instead: of the inputs that are labelled 1, "
        "on average at most this fraction is normal (false discovery rate)")
    add("--maps", type=Path, metavar="FOLDER", help="with --what scores: PNG "
        "files that are bright where an image was rebuilt badly")
    add("--output", metavar="FILE", help="a .csv, .npz or .npy file, a folder "
        "for rebuilt images, or - for standard output (default: a .csv file "
        "or a folder named after --what)")
    args = parser.parse_args()
    if args.fdr and args.contamination:
        parser.error("--fdr takes the place of --contamination. Expected one "
                     "of them. Received: both")
    for flag, what in (("contamination", "labels"), ("fdr", "labels"),
                       ("maps", "scores")):
        if getattr(args, flag) is not None and args.what != what:
            parser.error(f"--{flag} is for --what {what}")
    return args


def destination(args, is_images):
    """Returns the path to write to, or None for standard output.

    Raises:
        InputError: If it cannot be written, or something is there.
    """
    if args.maps and not is_images:
        raise InputError("--maps draws images. Expected a run on images. "
                         f"Received: {args.run}, a run on a table")
    in_folder = is_images and args.what == "rebuilt"
    path = Path(args.output or args.what + ".csv" * (not in_folder))
    is_stream = args.output == "-"
    if not (is_stream or in_folder) and (
            path.suffix.lower() not in (".csv", *ARRAYS)):
        raise InputError("Invalid value for --output. Expected a name ending "
                         f"in .csv, .npz or .npy, or -. Received: {path}")
    for each in filter(None, (args.maps, None if is_stream else path)):
        if os.path.lexists(each):
            raise InputError(
                f"{each} exists. Expected a new file or folder. Remove it, or "
                "choose another --output or --maps.")
        if not each.absolute().parent.is_dir():
            raise InputError("No such folder. Expected one to write to. "
                             f"Received: {each.absolute().parent}")
    return None if is_stream else path


def header(run, what):
    """Names the columns of a `.csv` file, but for the first."""
    values, codes = (range(1, 1 + math.prod(shape)) for shape in (
        run.data.shape, run.model.decoder.input_shape[1:]))
    columns = run.data.columns or [f"value_{number}" for number in values]
    return {"codes": [f"code_{number}" for number in codes],
            "rebuilt": columns,
            "scores": ["score", *(f"error in {name}" for name in columns
                                  if run.data.is_table)],
            "labels": ["label", "p-value"][:1 if run.classes else 2]}[what]


def prepared(run, inputs, scaling, names, values):
    """Returns inputs as the model takes them.

    Raises:
        InputError: If they are not finite, or images beyond 0 to 1.
    """
    import numpy as np
    scaled = scaling.apply(values)
    usable = np.isfinite(scaled)
    if not run.data.is_table:
        usable &= (scaled >= 0) & (scaled <= 1)
    if not usable.all():
        place = (~usable).reshape(len(values), -1).any(axis=1).argmax()
        wrong = values[place][~usable[place]][0]
        raise InputError(
            f"Unusable values in {inputs.source}. Expected finite numbers, "
            f"for images those of {run.folder} ({scaling.name}). Received: "
            f"{wrong} in {names[place]}")
    return scaled


def writers(stack, args, run, target, stdout, inputs):
    """Opens what is written to.

    Returns:
        Function that adds results, and one that adds pictures; None for each
        that is not needed.
    """
    from lab import outputs
    draw = args.maps and stack.enter_context(outputs.pictures(
        args.maps, inputs.shape[-1]))
    if target is None or target.suffix.lower() == ".csv":
        return stack.enter_context(outputs.rows(
            target, stdout, run.settings.get("names") or "name",
            header(run, args.what))), draw
    if target.suffix.lower() in ARRAYS:
        return stack.enter_context(
            outputs.arrays(target, inputs.count)), draw
    return None, stack.enter_context(outputs.pictures(
        target, inputs.shape[-1],
        "uint16" if inputs.dtype == "uint16" else "uint8"))


def restored(rebuilt, scaling, dtype):
    """Returns what was rebuilt in the units, and for pixels the type, of the
    input."""
    values = scaling.undo(rebuilt)
    if rebuilt.ndim == 4 and dtype.name in ("uint8", "uint16") and (
            scaling.span > 1):
        return values.round().astype(dtype)
    return values.astype("float32")


def results(run, values, what, limit=None):
    """Computes what is asked of inputs, scaled as the model takes them.

    Args:
        run: `Run`.
        values: Array of float32, `(count, *shape)`.
        what: `"codes"`, `"rebuilt"`, `"scores"` or `"labels"`.
        limit: Function of scores and p-values. Where a label is 1.

    Returns:
        Dictionary of arrays: of that name; with the scores `errors`, the
        squared error of each pixel or the error of each column, where 1 is
        usual; with the labels `p_values`.
    """
    import numpy as np
    from lab import autoencoders

    model = run.model
    inputs = values.reshape(-1, *model.encoder.input_shape[1:])
    if what == "labels" and run.classes:
        chances, = autoencoders.outputs(run.classifier, inputs)
        return {"labels": np.array(run.classes)[chances.argmax(axis=1)]}
    if what == "codes":
        return {"codes": model.code(inputs)}
    if what == "rebuilt":
        return {"rebuilt": model.rebuild(inputs).reshape(values.shape)}
    scores, rebuilt = run.score_and_rebuild(inputs)
    if what == "labels":
        p_values = run.scores.p_values(scores)
        labels = limit(scores, p_values).astype("int8")
        return {"labels": labels, "p_values": p_values}
    errors = values - rebuilt.reshape(values.shape)
    if model.by_column:
        return {"scores": scores, "errors": (
            np.abs(errors) / run.scores.neighbours.usual).astype("float32")}
    return {"scores": scores, "errors": errors ** 2}


def in_columns(data, found):
    """Changes results to what a row of text holds: categories by their names,
    an error for each column of a table, none for each pixel.

    Args:
        data: `Dataset` of the run.
        found: Dictionary, as `results` returns it.
    """
    import numpy as np
    from lab.data import columns

    if not data.is_table:
        found.pop("errors", None)
    elif data.columns and "rebuilt" in found:
        found["rebuilt"] = columns.decoded(found["rebuilt"], data.columns)
    elif data.columns and "errors" in found:
        found["errors"] = np.stack([
            part.max(axis=1) for *_, part in columns.grouped(
                found["errors"], data.columns)], axis=1)


def warn(run):
    """Warns where results may differ from those of the run."""
    from lab import runs
    if run.versions != runs.versions():
        print(f"Warning: {run.folder} was made by other versions, so the last "
              f"digits may differ. Expected: {run.versions}. Received: "
              f"{runs.versions()}")
    if run.settings.get("binarize"):
        print(f"Warning: {run.folder} was trained on pixels drawn as 0 or 1. "
              "Scores count for such images only.")


def limit_of(args, run, scored):
    """Returns a function of scores and p-values: where a label is 1; or None.

    Args:
        args: Namespace.
        run: `Run`.
        scored: Function that returns the scores of all inputs.
    """
    if run.classes and (args.contamination or args.fdr):
        raise InputError(
            "--contamination and --fdr are for anomalies. Expected a run that "
            f"finds them. Received: {args.run}, which classifies "
            f"{len(run.classes)} labels")
    if args.what != "labels" or run.classes:
        return None
    from lab.scores import discoveries
    count = len(run.scores.unseen)
    if args.fdr:
        most = discoveries(run.scores.p_values(scored()), args.fdr)
        print(f"Flagged: p-values of up to {most:.4g}. With {count} held-out "
              f"inputs the least is {1 / (count + 1):.4g}.")
        return lambda scores, p_values: p_values <= most
    fraction = args.contamination or 0.05
    limit = run.scores.threshold(fraction)
    print(f"Threshold: {limit:.6g}, which {100 * fraction:g}% of {count} "
          "held-out inputs exceed")
    return lambda scores, p_values: scores > limit


def apply(args, run, target, stdout):
    """Computes and writes what is asked, part by part."""
    import keras
    import numpy as np
    from lab.data import inputs as new

    inputs = new.find(args.source, run.data.columns,
                      run.settings.get("names"), run.data.shape)
    if inputs.shape != run.data.shape:
        expected, received = (" x ".join(map(str, shape)) for shape in (
            run.data.shape, inputs.shape))
        raise InputError(
            f"Inputs of another shape. Expected {expected}, as {run.folder} "
            f"was trained on. Received: {received}, {inputs.source}")
    warn(run)
    scaling = inputs.scaling(run.data.train.dtype, run.data.scaling)
    limit = limit_of(args, run, lambda: np.concatenate([
        results(run, prepared(run, inputs, scaling, *part), "scores")["scores"]
        for part in inputs.parts()]))
    with contextlib.ExitStack() as stack:
        add, draw = writers(stack, args, run, target, stdout, inputs)
        bar, done = keras.utils.Progbar(inputs.count, unit_name="input"), 0
        for names, values in inputs.parts():
            found = results(
                run, prepared(run, inputs, scaling, names, values), args.what,
                limit)
            if draw:
                draw(names, found["rebuilt"] if args.what == "rebuilt"
                     else np.sqrt(found["errors"]))
            if "rebuilt" in found:
                found["rebuilt"] = restored(
                    found["rebuilt"], scaling, inputs.dtype)
            if target is None or target.suffix.lower() == ".csv":
                in_columns(run.data, found)
            if add:
                add(names, found)
            done += len(names)
            bar.update(done)
    if target:
        print(f"Wrote {args.what} of {done} inputs to {target}")


def main():
    """Reads what a run and the flags say, then applies the run."""
    args = parse()
    config = settings.read(settings.home(args.run) / "config.json")
    backend.prefer(config["versions"].get("backend"))
    from lab import runs

    run = runs.Run.load(args.run)
    target = destination(args, not run.data.is_table)
    stdout = sys.stdout
    try:
        with contextlib.redirect_stdout(sys.stderr):  # all but the results
            apply(args, run, target, stdout)
    except BrokenPipeError:  # who reads has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
    except KeyboardInterrupt:
        raise KeyboardInterrupt("No file was written.") from None


if __name__ == "__main__":
    command_line.start(main)
