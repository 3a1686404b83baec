"""A finished run, read back from its folder."""
import contextlib
import json
import re

from lab import ROOT, command_line, files
from lab.errors import InputError

MODELS = ("encoder.keras", "decoder.keras")
CLASSES = "classes.json"  # written after classifier.keras, beside it


class Finished:
    """Settings, thresholds and, once they are loaded, models of a run.

    Args:
        folder: Path. Of a run, or of a part of one, such as a fold.

    Attributes:
        classes: List of the labels that its classifier tells apart, or None.
        columns: List of strings, the names of a table's columns, or None.
        names: String or None. A table's column of names.
        shape: Tuple. Of one input, as the user has it.

    Raises:
        InputError: If it is no run, or not finished.
    """

    def __init__(self, folder):
        home = next((place for place in (folder, folder.resolve().parent)
                     if files.is_run(place)), None)
        if home is None:
            raise InputError("Not a run. Expected the folder of a finished "
                             f"run. Received: {folder}")
        self.folder = folder
        self.config = command_line.read_config(home / "config.json")
        absent = [name for name in (*MODELS, "metrics.json")
                  if not (folder / name).exists()]
        if absent:
            parts = sorted(
                path.parent.name for path in folder.glob(f"*/{MODELS[0]}"))
            raise InputError(
                "Not a finished run. Expected a folder with its models and "
                f"metrics. Received: {folder} without {', '.join(absent)}. "
                + (f"Name one of its parts: {', '.join(parts)}." if parts else
                   "Run its command again, with --resume."))
        try:
            data = self.config["dataset"]
            self.columns = data.get("columns")
            self.names = self.config["settings"].get("names")
            self.shape = tuple(map(int, data["train"][1:]))
            self.module = self.config["settings"]["module"]
            self.quantiles = dict(json.loads(
                (folder / "metrics.json").read_text(encoding="utf-8"))
                .get("score_quantiles", {}))
            self.classes = None
            if (folder / CLASSES).exists():
                self.classes = list(json.loads(
                    (folder / CLASSES).read_text(encoding="utf-8")))
            if not (re.fullmatch(r"\d-[a-z]+", self.module)
                    and (ROOT / f"{self.module}.py").exists()):
                raise ValueError(f"module {self.module}")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                "Unreadable settings. Expected the folder of a run. Received: "
                f"{folder} ({error})") from None

    def threshold(self, share):
        """Returns the score that a share of unseen inputs exceed.

        Raises:
            InputError: If the run does not have it.
        """
        if self.config["settings"].get("main") == "classify":
            raise InputError(
                f"Not a finished run. Expected its {CLASSES}. Received: "
                f"{self.folder} without. Run its command again, with "
                "--resume.")
        known = {round(1 - float(quantile), 6): score
                 for quantile, score in self.quantiles.items()}
        if share not in known:
            raise InputError(
                "Invalid value for --contamination. Expected one that the run "
                f"stores: {', '.join(map(str, known)) or 'none, train anew'}. "
                f"Received: {share}")
        return known[share]

    def load(self):
        """Loads the models, in safe mode: no code from a file is run."""
        import keras
        import numpy as np

        from lab import reading, runs
        from lab.scaling import Scaling

        old, new = self.config["versions"], runs.versions()
        if old != new:
            print(f"Warning: {self.folder} was made by other versions, so the "
                  f"last digits may differ. Expected: {old}. Received: {new}")
        if self.config["settings"].get("binarize"):
            print(f"Warning: {self.folder} was trained on pixels drawn as 0 or"
                  " 1. Scores count for such images only.")
        __import__(self.module)  # registers its layers
        with reading.sound(self.folder, "the folder of a run."), undrawn():
            data = self.config["dataset"]
            self.dtype = np.dtype(data["dtype"])
            self.scaling = Scaling.from_config(data["scaling"])
            self.encoder, self.decoder = (
                keras.saving.load_model(self.folder / name)
                for name in MODELS)
            if self.classes:
                self.classifier = keras.saving.load_model(
                    self.folder / "classifier.keras")
                if self.classifier.output_shape != (None, len(self.classes)):
                    raise ValueError(f"{len(self.classes)} classes, for a "
                                     "model of another number")

    def results(self, values, what, limit=None):
        """Computes what is asked of inputs, scaled as the model takes them.

        Args:
            values: Array of float32, `(count, *shape)`.
            what: `"codes"`, `"rebuilt"`, `"scores"` or `"labels"`.
            limit: Number. The score above which a label is 1.

        Returns:
            Dictionary of arrays: of that name, and beside the scores `errors`,
            the squared error of each number.
        """
        import numpy as np

        from lab import evaluation

        inputs = values.reshape(-1, *self.encoder.input_shape[1:])
        if what == "labels" and self.classes:
            chances, = evaluation.outputs(self.classifier, inputs)
            return {"labels": np.array(self.classes)[chances.argmax(axis=1)]}
        parts = evaluation.outputs(self.encoder, inputs)
        code = parts[1 if len(parts) == 3 else 0]
        if what == "codes":
            return {"codes": code}
        rebuilt = evaluation.outputs(self.decoder, code)[0].reshape(
            values.shape)
        if what == "rebuilt":
            return {"rebuilt": rebuilt}
        values, rebuilt, *parts = (
            array.astype("float64") for array in (values, rebuilt, *parts))
        scores = evaluation.score(values, parts, rebuilt)
        if what == "labels":
            return {"labels": (scores > limit).astype("int8")}
        return {"scores": scores, "errors": (
            (values - rebuilt) ** 2).astype("float32")}


@contextlib.contextmanager
def undrawn():
    """Has layers begin with zeros.

    For those that are loaded: to draw the first values, which are replaced at
    once, takes JAX longer than the import of Keras.
    """
    import keras

    def zeros(_, shape, dtype=None, **__):
        return keras.ops.zeros(shape, dtype)

    calls = {kind: kind.__call__ for kind in vars(keras.initializers).values()
             if isinstance(kind, type) and "__call__" in vars(kind)}
    try:
        for kind in calls:
            kind.__call__ = zeros
        yield
    finally:
        for kind, call in calls.items():
            kind.__call__ = call
