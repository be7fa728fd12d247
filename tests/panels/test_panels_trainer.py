"""The buttons of a panel's training: each reaches the run that goes on."""

import html
import threading

import keras
import numpy as np
import pytest

import keraslab as kl
from keraslab.panels._trainer import Trainer
from keraslab.train import ModelInUseError

WAIT = 60


def line():
    """A model that is trained in no time."""
    x = keras.Input((2,))
    model = keras.Model(x, keras.layers.Dense(1)(x))
    model.compile("sgd", "mse")
    return model


@pytest.fixture
def lab():
    """A panel whose training is held in its second batch until it is let go."""
    data = np.ones((64, 2), "float32"), np.ones((64, 1), "float32")
    lab = kl.explore(line, data=data)
    trainer: Trainer = lab._trainer
    reached, go = threading.Event(), threading.Event()

    def hold(batch, logs=None):
        if batch == 1:
            reached.set()
            assert go.wait(WAIT)

    holds = keras.callbacks.LambdaCallback(on_train_batch_begin=hold)
    trainer._fit_arguments |= {"callbacks": [holds], "batch_size": 8}
    lab.reached, lab.go = reached, go
    yield lab
    go.set()
    trainer.stop()
    assert trainer.wait(WAIT)


def begin(lab):
    lab._trainer._train.click()
    assert lab.reached.wait(WAIT)
    return lab._trainer


def test_stop_ends_the_training(lab):
    trainer = begin(lab)
    buttons = trainer._buttons
    assert trainer._train.disabled
    assert not buttons.stop.disabled
    buttons.stop.click()
    assert "Stopping after this batch" in trainer._status.value
    lab.go.set()
    assert trainer.wait(WAIT)
    assert (trainer.run.status, trainer._train.disabled) == ("stopped", False)
    assert "Stopped." in trainer._status.value
    assert "kl-error" not in trainer._status.value


def test_pause_holds_it_and_resume_goes_on(lab):
    trainer = begin(lab)
    pause = trainer._buttons.pause
    pause.click()
    assert (trainer.run.paused, pause.description) == (True, "Resume")
    assert "Paused." in trainer._status.value
    pause.click()
    assert (trainer.run.paused, pause.description) == (False, "Pause")
    lab.go.set()
    assert trainer.wait(WAIT)
    assert trainer.run.status == "done"


@pytest.mark.parametrize("before", [True, False])
def test_keep_best_may_be_chosen_before_or_meanwhile(lab, before):
    keep = lab._trainer._buttons.keep
    if before:
        keep.value = True
    trainer = begin(lab)
    if not before:
        assert not trainer.run.weights.wanted
        keep.value = True
    lab.go.set()
    assert trainer.wait(WAIT)
    best = trainer.run.best
    assert trainer.run.weights.kept == best
    assert f"The model has the weights of epoch {best.epoch}" in trainer._status.value


def test_a_second_press_waits_for_the_first(lab):
    trainer = begin(lab)
    run = trainer.run
    trainer.start()
    assert trainer.run is run


def test_the_model_cannot_be_used_meanwhile(lab):
    trainer = begin(lab)
    with pytest.raises(ModelInUseError, match=trainer.run.name):
        lab.model.predict(np.ones((1, 2)), verbose=0)
    lab.go.set()
    assert trainer.wait(WAIT)
    lab.model.predict(np.ones((1, 2)), verbose=0)


def digit():
    """A model of three classes, with a loss that takes class numbers."""
    x = keras.Input((2,), name="x")
    model = keras.Model(x, keras.layers.Dense(3, activation="softmax")(x))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


X, CLASSES = np.ones((64, 2), "float32"), np.arange(64) % 3


def told(data, **settings):
    """What stands under the button after a press."""
    trainer = kl.explore(digit, data=data, **settings)._trainer
    trainer._train.click()
    assert trainer.wait(WAIT)
    return html.unescape(trainer._status.value)


def test_an_error_in_the_thread_is_explained():
    said = told((X, np.eye(3, dtype="float32")[CLASSES]))
    assert "one-hot rows" in said
    assert "(KL703)" in said
    assert "those of explore(data=(x, y))." in said
    assert 'class="kl-error"' in said


@pytest.mark.parametrize(
    ("data", "settings", "way_out"),
    [
        ((X, CLASSES[:7]), {}, "data=(x[:7], y)"),
        (
            ((X, CLASSES), (X, CLASSES[:7])),
            {},
            "data=((x, y), (x_validation[:7], y_validation))",
        ),
        ((X, CLASSES + 7), {}, "data=(x, np.unique(y, return_inverse=True)[1])"),
        (
            (X, CLASSES),
            {"compile": {"optimizer": "sgd", "loss": "categorical_crossentropy"}},
            "compile={'optimizer': 'sgd', 'loss': 'sparse_categorical_crossentropy'}",
        ),
    ],
    ids=["samples", "samples of the validation", "classes", "loss"],
)
def test_the_way_out_is_what_explore_takes(data, settings, way_out):
    said = told(data, **settings)
    assert f'<pre class="kl-code">{way_out}</pre>' in said
    assert "fit(" not in said
    assert "Train button" not in said
    assert ("arrays of the same length" in said) == ("KL709" in said)


def test_the_way_out_may_be_in_the_build_function():
    said = told((X, np.arange(64) % 10))
    assert 'keras.layers.Dense(10, activation="softmax")(x)' in said
    assert "Train button" not in said
