"""``fit`` in the foreground: its arguments, interrupts, and going on from a checkpoint."""

import os
import signal
import threading
import warnings

import keras
import numpy as np
import pytest
from running import Calls, X, Y, small

from keraslab.train import LiveCurves, Run, fit
from keraslab.train._fit import Training

QUIET = {"display": False, "store": False}


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)], name="line")
    model.compile("sgd", "mse")
    return model


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return X[16 * index : 16 * (index + 1)], Y[16 * index : 16 * (index + 1)]


def endless():
    while True:
        yield X[:16], Y[:16]


def dataset():
    return pytest.importorskip("tensorflow").data.Dataset.from_tensor_slices((X, Y)).batch(16)


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        ((X, Y, 16, 2), {}),
        ((X, Y), {"batch_size": 16, "epochs": 2, "validation_split": 0.25}),
        ((Batches(),), {"epochs": 2}),
        ((endless(),), {"epochs": 2, "steps_per_epoch": 3, "shuffle": False}),
        ((dataset(),), {"epochs": 2, "shuffle": False, "validation_data": dataset()}),
    ],
    ids=["positional", "arrays", "pydataset", "generator", "tf.data"],
)
def test_it_takes_what_fit_takes(model, arguments, more):
    run = fit(model, *arguments, **more, **QUIET)
    assert run.status == "done"
    assert len(run.history["loss"]) == 2
    assert run.model is model


def test_it_trains_as_fit_does():
    ours, theirs = small(), small()
    run = fit(ours, X, Y, epochs=2, seed=3, validation_data=(X, Y), **QUIET)
    keras.utils.set_random_seed(3)
    known = theirs.fit(X, Y, epochs=2, validation_data=(X, Y), verbose=0)
    assert run.history == known.history
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert run.seed == 3


def test_callbacks_of_every_form(model):
    seen = []
    one = Calls(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    fit(model, X, Y, callbacks=one, **QUIET)
    fit(model, X, Y, callbacks=(one,), **QUIET)
    collected = keras.callbacks.CallbackList([one], model=model, epochs=1, steps=2, verbose=0)
    run = fit(model, X, Y, callbacks=collected, **QUIET)
    assert seen == [0, 0, 0]
    assert len(run.history["loss"]) == 1


def test_a_fit_of_ones_own_with_other_arguments():
    class Own(keras.Sequential):
        def fit(self, *given, twist=1, **more):
            self.twist = twist
            return super().fit(*given, **more)

    model = Own([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    run = fit(model, X, Y, twist=7, **QUIET)
    assert (model.twist, len(run.history["loss"])) == (7, 1)


def test_what_is_wrong_is_said_at_once(model, tmp_path):
    with pytest.raises(TypeError, match=r"passes its arguments to model.fit: .*'epoch'"):
        fit(model, X, Y, epoch=3)
    with pytest.raises(
        TypeError, match=r"'norms'\. Give callbacks=\[kl.LiveCurves\(norms=\.\.\.\)\]"
    ):
        fit(model, X, Y, norms=True)
    with pytest.raises(TypeError, match=r"takes a Keras model. Received: list"):
        fit([], X, Y)
    with pytest.raises(ValueError, match=r"needs a compiled model. Call model.compile"):
        fit(keras.Sequential([keras.layers.Dense(1)]), X, Y, background=True)
    with pytest.raises(ValueError, match=r"checkpoint=...\) takes a path that ends in .weights.h5"):
        fit(model, X, Y, checkpoint=tmp_path / "model.h5")
    with pytest.raises(FileNotFoundError, match="no folder"):
        fit(model, X, Y, checkpoint=tmp_path / "none" / "a.weights.h5")
    with pytest.raises(ValueError, match="which is not given"):
        fit(model, X, Y, resume=True)


def test_an_error_is_raised_as_fit_raises_it(model):
    with pytest.raises(ValueError, match="cardinality"):
        fit(model, X, Y[:3], **QUIET)
    assert fit(model, X, Y, **QUIET).status == "done"


def interrupt(at):
    def press(batch, logs):
        if batch in at:
            os.kill(os.getpid(), signal.SIGINT)

    return Calls(on_train_batch_begin=press)


def test_an_interrupt_ends_it_after_the_batch_and_keeps_all(model):
    before = signal.getsignal(signal.SIGINT)
    seen = []
    press = interrupt({2})
    press.on_train_batch_end = lambda batch, logs=None: seen.append(batch)
    run = fit(model, X, Y, batch_size=4, epochs=9, callbacks=[press], **QUIET)
    assert (run.status, run.error, seen) == ("interrupted", None, [0, 1, 2])
    assert len(run.history["loss"]) == 1
    assert "Stopped in epoch 1 of 9, batch 3 of 16" in repr(run)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_interrupt_raises(model):
    before = signal.getsignal(signal.SIGINT)
    runs = []
    press = Calls(
        on_train_batch_begin=lambda batch, logs=None: [
            os.kill(os.getpid(), signal.SIGINT),
            os.kill(os.getpid(), signal.SIGINT),
        ]
    )
    training = Training(model, (X, Y), {"callbacks": [press]}, store=False)
    runs.append(training.run)
    with pytest.raises(KeyboardInterrupt):
        training.run_here()
    assert runs[0].status == "interrupted"
    assert signal.getsignal(signal.SIGINT) is before
    assert fit(model, X, Y, **QUIET).status == "done"


def test_an_interrupt_ends_a_wait_and_not_the_run(model):
    ready = threading.Event()
    look = Calls(on_train_batch_begin=lambda batch, logs=None: ready.set())
    run = fit(model, X, Y, epochs=100_000, background=True, callbacks=[look], **QUIET)
    assert ready.wait(60)

    def press():
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    timer = threading.Thread(target=press)
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012
        timer.start()
        run.wait(60)
    timer.join(60)
    assert run.status == "running"
    run.stop()
    assert run.wait(60)


# Going on


def same(a, b):
    for one, other in zip(a.variables, b.variables, strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (one, other)))
    for one, other in zip(a.optimizer.variables, b.optimizer.variables, strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (one, other)))


@pytest.mark.parametrize("optimizer", ["adam", pytest.param("schedule", marks=pytest.mark.slow)])
def test_going_on_gives_the_numbers_of_a_run_that_never_ended(tmp_path, optimizer):
    def build():
        rate = keras.optimizers.schedules.ExponentialDecay(0.01, 5, 0.9)
        made = keras.optimizers.AdamW(rate) if optimizer == "schedule" else "adam"
        return small(optimizer=made)

    given = {"batch_size": 12, "validation_split": 0.25, **QUIET}
    whole = build()
    first = fit(whole, X, Y, epochs=4, seed=7, checkpoint=tmp_path / "a.weights.h5", **given)
    fit(build(), X, Y, epochs=2, seed=7, checkpoint=tmp_path / "b.weights.h5", **given)
    later = build()
    later.set_weights([weight * 0 for weight in later.get_weights()])
    second = fit(later, X, Y, epochs=4, resume=tmp_path / "b.weights.h5", **given)
    assert second.history == first.history
    assert second.record.epochs == [0, 1, 2, 3]
    assert second.seed == 7
    assert second.best == first.best
    same(whole, later)


def test_an_epoch_that_was_cut_is_begun_again(tmp_path):
    path = tmp_path / "a.weights.h5"
    whole, cut, later = small(), small(), small()
    given = {"batch_size": 16, "checkpoint": path, **QUIET}
    first = fit(whole, X, Y, epochs=3, seed=2, **given)
    path.unlink()
    stop = Calls(
        on_epoch_begin=lambda epoch, logs: epoch == 1 and os.kill(os.getpid(), signal.SIGINT)
    )
    run = fit(cut, X, Y, epochs=3, seed=2, callbacks=[stop], resume=True, **given)
    assert (run.status, len(run.history["loss"])) == ("interrupted", 2)
    second = fit(later, X, Y, epochs=3, resume=True, **given)
    assert second.history == first.history
    same(whole, later)
    assert fit(small(), X, Y, epochs=3, resume=True, **given).history == first.history


@pytest.mark.slow
def test_other_data_that_numpy_draws_go_on_too(tmp_path):
    class Random(Batches):
        def __getitem__(self, index):
            if index == 0:  # in a thread that may begin the next epoch's early
                self.x = np.random.normal(size=(4, 16, 4)).astype("float32")
            return self.x[index], self.x[index].sum(1, keepdims=True)

    whole, cut, later = (tmp_path / f"{name}.weights.h5" for name in "abc")
    given = {"seed": 4, "shuffle": False, **QUIET}
    first = fit(small(), Random(), epochs=2, checkpoint=whole, **given)
    fit(small(), Random(), epochs=1, checkpoint=cut, **given)
    second = fit(small(), Random(), epochs=2, resume=cut, checkpoint=later, **given)
    assert second.history == first.history


def test_keras_reads_a_checkpoint_as_weights(tmp_path):
    path = tmp_path / "a.weights.h5"
    model = small()
    run = fit(model, X, Y, checkpoint=path, **QUIET)
    assert run.seed is not None, "a checkpoint wants a seed"
    other = small()
    with warnings.catch_warnings():  # Keras says that the optimizer's state found no optimizer
        warnings.filterwarnings("ignore", message="Skipping variable loading for optimizer")
        other.load_weights(path)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [each.name for each in tmp_path.iterdir()] == ["a.weights.h5"], "no drafts are left"


def test_a_checkpoint_that_does_not_fit(tmp_path, model):
    path, plain = tmp_path / "a.weights.h5", tmp_path / "plain.weights.h5"
    fit(small(), X, Y, seed=1, checkpoint=path, **QUIET)
    model.save_weights(plain)
    with pytest.raises(ValueError, match="holds no run to go on with"):
        fit(model, X, Y, resume=plain, **QUIET)
    with pytest.raises(ValueError, match="0 layers with random numbers"):
        fit(model, X, Y, resume=path, **QUIET)
    with pytest.raises(ValueError, match=r"has the seed 1\. Received: seed=2"):
        fit(small(), X, Y, seed=2, resume=path, **QUIET)
    with pytest.raises(ValueError, match="leave initial_epoch out"):
        fit(small(), X, Y, resume=path, initial_epoch=1, epochs=2, **QUIET)
    with pytest.raises(ValueError, match="the model or its optimizer does not fit"):
        fit(small(optimizer="sgd"), X, Y, resume=path, **QUIET)
    unbuilt = keras.Sequential([keras.layers.Dense(1)])
    unbuilt.compile("sgd", "mse")
    with pytest.raises(ValueError, match="Call the model once on a batch"):
        fit(unbuilt, X, Y, resume=path, **QUIET)


@pytest.mark.parametrize("keep", [True, "mae"])
def test_keep_best_gives_the_weights_of_the_best_epoch(keep):
    model = small()
    seen = []
    spoil = Calls(
        on_epoch_begin=lambda epoch, logs: (
            epoch == 2 and model.layers[-1].bias.assign(keras.ops.ones(1) * 50)
        ),
        on_epoch_end=lambda epoch, logs: seen.append((logs["mae"], model.get_weights())),
    )
    run = fit(model, X, Y, epochs=3, keep_best=keep, callbacks=[spoil], **QUIET)
    name = "loss" if keep is True else "mae"
    assert run.best.name == name
    assert run.best.epoch in (1, 2)
    for a, b in zip(model.get_weights(), seen[run.best.epoch - 1][1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_terminal_gets_a_line_per_epoch(model, capsys):
    fit(model, X, Y, epochs=2, store=False)
    lines = capsys.readouterr().out.splitlines()
    assert [line[:9] for line in lines] == ["epoch 1/2", "epoch 2/2"]


def test_a_page_that_cannot_show_the_curves_says_where_the_run_is(
    model, notebook, tmp_path, monkeypatch
):
    monkeypatch.setenv("KERASLAB_HOME", str(tmp_path))
    curves = LiveCurves()
    kept = fit(model, X, Y, callbacks=[curves])
    elsewhere = fit(model, X, Y, store=tmp_path / "other.sqlite")
    with Run("loop") as loop:
        loop.log(loss=1.0)
    nowhere = fit(model, X, Y, store=False, callbacks=[curves])
    assert nowhere.status == "done"
    says = [data["text/plain"] for data, how in notebook.shown if "update" not in how]
    begin = "Training curves: shown while the training runs."
    assert says == [
        f"{begin} What was kept of the run: kl.runs()[{kept.id!r}]",
        f"{begin} What was kept of the run: store.runs()[{elsewhere.id!r}]",
        f"{begin} What was kept of the run: kl.runs()[{loop.id!r}]",
        begin,
    ]
