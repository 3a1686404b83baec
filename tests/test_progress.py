"""The best epoch of a training: kept, and known when to stop."""
import numpy as np
import pytest
from lab.progress import Best


class Model:
    """Weights that tell the epochs apart."""

    stop_training = False

    def get_weights(self):
        """Returns the weights."""
        return self.weights

    def set_weights(self, weights):
        """Sets the weights."""
        self.weights = weights


def train(best, history, model, losses):
    """Trains so long as the model is not stopped: an epoch for each loss."""
    best.set_model(model)
    for epoch, loss in enumerate(losses, len(history)):
        if model.stop_training:
            break
        model.weights = [np.full((2, 3), epoch), np.array([epoch])]
        best.on_epoch_end(epoch, {"val_loss": loss})
        history.append({"val_loss": loss})


@pytest.mark.parametrize("killed", [0, 1, 3, 4])
def test_best_epoch_is_kept_through_an_interruption(killed, tmp_path):
    losses, history = [3, 1, 2, 1, 5, 4, 6, 0.5], []
    model = Model()
    train(Best(tmp_path, history, 15), history, model, losses[:killed])
    best, model = Best(tmp_path, history, 15), Model()
    train(best, history, model, losses[killed:])
    # Five epochs after the second none was better: the eighth is not reached.
    assert len(history) == 7 and model.stop_training
    assert best.epoch() == 2 and best.is_over(best.losses())
    best.restore(model)
    assert (model.weights[0] == 1).all() and model.weights[0].shape == (2, 3)


def test_no_epoch_is_kept_of_a_loss_that_is_no_number(tmp_path):
    history, model = [], Model()
    best = Best(tmp_path, history, 9)
    train(best, history, model, [2, float("nan")])
    best.restore(model)
    assert model.weights[1] == 0
