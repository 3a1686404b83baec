"""What happens at each step and epoch of a training."""
import signal

import keras
import numpy as np

from lab import autoencoders, files, runs
from lab.errors import InputError


class Progress(keras.callbacks.Callback):
    """Saves model and history after each epoch, for `--resume`, and stops a
    training on Ctrl-C, and where its loss is no longer finite.

    The order of the images and the noise are drawn anew for each epoch, from
    the seed and the epoch, so that a resumed run takes the same course. The
    model is saved last: its step count tells which epochs are done, and rows
    of the history beyond them are drawn again, the same.

    Args:
        folder: Path.
        batches: `Batches` to train on.
        seed: Integer.
        history: List of the epochs done before; continued in place.
    """

    async_safe = True  # Keras need not wait for the check of each step

    def __init__(self, folder, batches, seed, history):
        super().__init__()
        self.folder, self.batches = folder, batches
        self.seed, self.history = seed, history

    def on_train_begin(self, logs=None):
        """Takes over Ctrl-C, unless it is to be ignored."""
        self.interrupted = False
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self.interrupt)

    def interrupt(self, *_):
        """Stops now, or after this step: JAX loses some exceptions."""
        self.interrupted = True
        raise KeyboardInterrupt

    def on_train_end(self, logs=None):
        """Restores the Ctrl-C handler."""
        if signal.getsignal(signal.SIGINT) == self.interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def on_epoch_begin(self, epoch, logs=None):
        """Draws order and noise of this epoch."""
        self.epoch = epoch + 1
        self.batches.start_epoch(epoch)
        reseed(self.model, self.seed, epoch)

    def on_train_batch_end(self, batch, logs=None):
        """Stops at once where the loss is no longer finite."""
        if self.interrupted:
            raise KeyboardInterrupt
        self.check(f"step {batch + 1}", logs)

    def check(self, step, logs):
        """Checks that all of `logs` is finite."""
        if not np.isfinite(list(logs.values())).all():
            received = ", ".join(f"{name} {value}"
                                 for name, value in logs.items())
            raise InputError(
                f"The loss is no longer finite in epoch {self.epoch}, {step}. "
                f"Expected finite numbers. Received: {received}. Likely "
                "causes are too high a learning rate or too heavy a penalty. "
                f"{self.folder} keeps the epochs before.")

    def on_epoch_end(self, epoch, logs=None):
        """Saves history and model."""
        self.check("validation", logs)
        self.history.append({"epoch": epoch + 1, **{
            name: float(value) for name, value in logs.items()}})
        runs.write_history(self.folder / "history.csv", self.history)
        autoencoders.save(self.model, self.folder / "auto.keras")


class Best(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the lowest loss on unseen data, and
    stops where a third of all epochs has brought no lower one.

    To be called before `Progress`: a run that is killed between the two does
    its last epoch again, with the same result.

    Args:
        folder: Path. For `best.npz`.
        history: List of the epochs done before, which `Progress` continues.
        epochs: Integer. Of the whole training.
    """

    def __init__(self, folder, history, epochs):
        super().__init__()
        self.path, self.history = folder / "best.npz", history
        self.patience = -(-epochs // 3)

    def losses(self):
        """Returns the losses on unseen data so far."""
        return [row["val_loss"] for row in self.history]

    def epoch(self):
        """Returns the number of the best epoch, from 1."""
        return 1 + int(np.argmin(self.losses()))

    def is_over(self, losses):
        """Determines whether it is no use to go on after such losses."""
        return len(losses) - 1 - int(np.argmin(losses)) >= self.patience

    def on_epoch_end(self, epoch, logs=None):
        """Keeps the weights if they are the best, or stops."""
        losses = [*self.losses(), logs["val_loss"]]
        if losses[-1] < min(losses[:-1], default=np.inf):
            with files.written(self.path) as temporary:
                np.savez(temporary, *self.model.get_weights())
        self.model.stop_training = self.is_over(losses)

    def restore(self, model):
        """Sets a model's weights to the best."""
        with np.load(self.path, allow_pickle=False) as weights:
            model.set_weights([*weights.values()])


def reseed(model, seed, epoch):
    """Sets the noise of a model's random layers by seed and epoch."""
    states = [variable for variable in model.variables
              if variable.name == "seed_generator_state"]
    for number, state in enumerate(states):
        words = np.random.SeedSequence((seed, epoch, number)).generate_state(2)
        state.assign(words.astype(state.dtype))
