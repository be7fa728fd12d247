import base64
import gc
import io
import math
import subprocess
import sys
import weakref

import keras
import numpy as np
import pytest

from keraslab.train import LiveCurves

L = keras.layers
X = np.linspace(0, 1, 48).reshape(12, 4).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def _model(loss="mse", rate=0.01):
    model = keras.Sequential([keras.Input((4,)), L.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), loss)
    return model


@pytest.fixture(scope="module")
def plain():
    """One compiled model for tests that do not look at its values: compiling takes longest."""
    return _model()


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Raises(keras.callbacks.Callback):
    def __init__(self, error, batch=1):
        super().__init__()
        self.error, self.batch = error, batch

    def on_train_batch_end(self, batch, logs=None):
        if batch == self.batch:
            raise self.error


def _fit(model, curves, epochs=2, callbacks=(), **more):
    return model.fit(
        X, Y, batch_size=4, epochs=epochs, verbose=0, callbacks=[curves, *callbacks], **more
    )


def test_two_outputs_equal_keras_history_and_give_a_plot_each():
    x = keras.Input((4,))
    h = L.Dense(3)(x)
    outputs = {"size": L.Dense(1, name="head_a")(h), "kind": L.Dense(2, name="head_b")(h)}
    model = keras.Model(x, outputs)
    model.compile(
        "adam",
        {"size": "mse", "kind": keras.losses.SparseCategoricalCrossentropy(from_logits=True)},
        metrics={"kind": ["accuracy"]},
    )
    targets = {"size": Y, "kind": (Y > 2).astype(int)}
    curves = LiveCurves(display=False)
    kept = model.fit(
        X, targets, batch_size=4, epochs=3, verbose=0, validation_split=0.34, callbacks=[curves]
    )
    assert curves.history == kept.history
    assert curves.record.epochs == kept.epoch
    plots = curves.record.plots()
    assert [plot.title for plot in plots] == [
        "total loss",
        "size loss",
        "kind loss",
        "kind accuracy",
    ]
    assert [plot.output for plot in plots] == ["total", "size", "kind", "kind"]
    for plot in plots:
        assert [line.kind for line in plot.lines] == ["batch", "train", "validation"]
        name = plot.id
        assert plot.lines[1].y.tolist() == kept.history[name]
        assert plot.lines[2].y.tolist() == kept.history[f"val_{name}"]
        assert plot.lines[0].count == 3 * math.ceil(7 / 4)
    rates = curves.record.learning_rates
    assert rates == pytest.approx([0.001] * 3)
    figure = curves.to_figure()
    assert [axes.get_title("left") for axes in figure.axes] == [plot.title for plot in plots]
    assert "kind accuracy" in repr(curves)
    assert "pyplot" not in str(type(figure.canvas))


def test_bundle_holds_a_picture_and_words(plain):
    curves = LiveCurves(display=False)
    assert curves._repr_mimebundle_() == {"text/plain": "LiveCurves: nothing trained yet"}
    _fit(plain, curves)
    bundle = curves._repr_mimebundle_()
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert bundle["text/plain"].startswith("Trained 2 epochs in ")


def test_fit_again_goes_on_and_another_model_starts_anew(plain):
    curves = LiveCurves(display=False)
    _fit(plain, curves)
    _fit(plain, curves, epochs=1)
    assert len(curves.history["loss"]) == 3
    (plot,) = curves.record.plots()
    assert plot.lines[1].x.tolist() == [1, 2, 3]
    kept = _fit(_model(), curves, epochs=1)
    assert curves.history == kept.history


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyboardInterrupt(), "Interrupted in epoch 1 of 2, after"),
        (OSError("disk"), "Stopped by an error in epoch 1 of 2, after"),
        (None, "Ended early in epoch 1 of 2, after"),
    ],
)
def test_what_came_before_an_error_stays(plain, error, said):
    curves = LiveCurves(display=False)
    with pytest.raises((KeyboardInterrupt, OSError)):
        _fit(plain, curves, callbacks=[Raises(error or KeyboardInterrupt())])
    curves.finish(error)
    assert repr(curves).startswith(said)
    (plot,) = curves.record.plots()
    assert plot.lines[0].count == 2
    assert curves._repr_mimebundle_()["image/png"]


def test_an_interrupted_fit_that_nobody_ended_is_ended_by_the_next(plain):
    curves = LiveCurves(display=False)
    with pytest.raises(KeyboardInterrupt):
        _fit(plain, curves, callbacks=[Raises(KeyboardInterrupt())])
    _fit(plain, curves, epochs=1)
    (plot,) = curves.record.plots()
    assert plot.lines[1].x.tolist() == pytest.approx([2 / 3 + 1])


def test_nan_is_a_gap_and_a_sentence():
    curves = LiveCurves(display=False)
    _fit(_model(rate=1e30), curves)
    assert "loss is not a number since epoch 1, batch" in repr(curves)
    (plot,) = curves.record.plots()
    assert np.isnan(plot.lines[1].y).all()
    assert np.isfinite(plot.lines[0].y).any()
    curves.to_figure()


@pytest.mark.parametrize("classes", [3, 40])
def test_a_metric_with_a_value_per_class_costs_no_training(classes, capsys):
    model = keras.Sequential([keras.Input((4,)), L.Dense(classes, activation="sigmoid")])
    model.compile("sgd", "mse", metrics=[keras.metrics.F1Score(average=None)])
    labels = np.eye(classes, dtype="float32")[np.arange(12) % classes]
    curves = LiveCurves()
    kept = model.fit(
        X, labels, epochs=2, verbose=0, validation_data=(X, labels), callbacks=[curves]
    )
    for name, values in kept.history.items():
        np.testing.assert_array_equal(curves.history[name], values)
    lines = {plot.title: len(plot.lines) for plot in curves.record.plots()}
    each = {f"f1 score[{i}]": 3 for i in range(classes)} if classes <= 12 else {}
    assert lines == {"loss": 3, **each}
    assert ("val_f1_score[2]" in capsys.readouterr().out) == (classes == 3)
    assert "loss" in repr(curves)


def test_logs_that_hold_no_number_cost_no_training(plain):
    class Says(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs.update(note="warm", nothing=None, one=np.array([2.0]))

    curves = LiveCurves(display=False)
    plain.fit(X, Y, epochs=1, verbose=0, callbacks=[Says(), curves])
    assert curves.history["note"] == ["warm"]
    assert [plot.title for plot in curves.record.plots()] == ["loss", "one"]


def test_a_generator_without_length(plain):
    def batches():
        while True:
            yield X[:4], Y[:4]

    curves = LiveCurves(display=False)
    seen = []

    class Looks(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(curves._status())

    def three():
        for _, pair in zip(range(3), batches(), strict=False):
            yield pair

    with pytest.warns(UserWarning, match="ran out of data"):
        plain.fit(three(), epochs=2, verbose=0, shuffle=False, callbacks=[curves, Looks()])
    assert seen[0]["axis"] == "batch"
    assert seen[0]["fraction"] is None
    assert "left" not in seen[-1]["text"]
    assert "of" not in seen[1]["text"].split(" · ")[1]


def test_evaluate_and_predict_leave_it_alone(plain):
    curves = LiveCurves(display=False)
    _fit(plain, curves, epochs=1)
    before = repr(curves)
    plain.evaluate(X, Y, verbose=0, callbacks=[curves])
    plain.predict(X, verbose=0, callbacks=[curves])
    assert repr(curves) == before
    assert LiveCurves().on_test_begin() is None


def test_a_terminal_gets_a_line_per_epoch(plain, capsys):
    curves = LiveCurves()
    _fit(plain, curves, validation_data=(X, Y))
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("epoch 1/2  ")
    assert "  loss " in first
    assert "  val_loss " in second
    assert curves._widget is None


def test_a_terminal_where_keras_prints_gets_nothing_twice(plain, capsys):
    plain.fit(X, Y, verbose=2, callbacks=[LiveCurves()])
    assert capsys.readouterr().out.count("loss") == 1


def test_a_real_terminal_sees_the_epoch_under_way(plain, monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    _fit(plain, LiveCurves())
    assert "\rEpoch 1 of 2 · batch 1 of 3" in stream.getvalue()
    assert stream.getvalue().endswith("\n")


def test_a_notebook_keeps_a_picture_where_the_widget_was(plain, notebook):
    curves = LiveCurves()
    _fit(plain, curves)
    (live, at), (still, then) = notebook.shown
    assert live["application/vnd.jupyter.widget-view+json"]["model_id"] == curves.widget.model_id
    assert live["text/plain"] == "Training curves: shown while the training runs."
    assert set(still) == {"text/html", "image/png", "text/plain"}
    assert then["update"]
    assert then["display_id"] == at["display_id"] == curves.widget.slot
    assert f'class="{curves.widget.slot}"' in still["text/html"]
    assert notebook.listeners == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("x"), None])
def test_a_notebook_keeps_a_picture_of_what_was_cut_short(plain, notebook, error):
    curves = LiveCurves()
    with pytest.raises((KeyboardInterrupt, ValueError)):
        _fit(plain, curves, callbacks=[Raises(error or KeyboardInterrupt())])
    assert len(notebook.shown) == 1
    notebook.cell_ends(error)
    assert len(notebook.shown) == 2
    assert notebook.listeners == []
    notebook.cell_ends()
    assert len(notebook.shown) == 2


def test_a_page_that_cannot_be_reached_does_not_cost_the_training(plain, monkeypatch):
    curves = LiveCurves(display=False)
    monkeypatch.setattr(curves.widget, "push", lambda: 1 / 0)
    assert _fit(plain, curves).history == curves.history


def test_a_terminal_needs_no_widget(plain, monkeypatch):
    monkeypatch.setitem(sys.modules, "keraslab.draw._curves_widget", None)  # cannot be imported
    _fit(plain, LiveCurves())


@pytest.mark.slow
def test_no_widgets_are_loaded_in_a_terminal():
    code = (
        "import keras, numpy as np, sys; from keraslab import LiveCurves\n"
        "m = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]); m.compile('sgd','mse')\n"
        "m.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0, callbacks=[LiveCurves()])\n"
        "print(sorted(n for n in ('ipywidgets', 'anywidget') if n in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_curves_do_not_keep_the_model_alive():
    curves = LiveCurves(display=False)
    assert curves.widget is not None, "a widget lives as long as the kernel"

    def train():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0, callbacks=[curves])
        return weakref.ref(model)

    trained = train()
    gc.collect()
    assert trained() is None
    assert "Trained 1 epoch" in repr(curves)


def test_a_table_of_epochs(plain):
    curves = LiveCurves(display=False)
    assert curves.to_frame().empty
    kept = _fit(plain, curves, validation_data=(X, Y), validation_freq=2)
    frame = curves.to_frame()
    assert frame.index.tolist() == [1, 2]
    assert frame.index.name == "epoch"
    assert frame["loss"].tolist() == kept.history["loss"]


def test_without_pandas_the_way_out_is_named(plain, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install pandas.*LiveCurves.history"):
        LiveCurves(display=False).to_frame()


def test_samples_a_second_are_said(plain):
    curves = LiveCurves(display=False)
    _fit(plain, curves, validation_data=(X, Y))
    assert curves._progress.size == 4
    assert " samples/s" in repr(curves)


def test_best_epoch_gap_and_baseline_are_said_and_marked(plain):
    curves = LiveCurves(display=False, baseline={"loss": 1e9, "val_mae": 0.5})
    _fit(plain, curves, validation_data=(X, Y))
    status = curves._status()
    assert status["said"][0].startswith("Best epoch: ")
    assert status["said"][-2].startswith("Baseline: loss 1e+09, first beaten in epoch 1;")
    assert status["said"][-1].endswith("Nothing of this name is logged; there is loss.")
    assert repr(curves).endswith("\n".join(status["said"]))
    kinds = [mark["kind"] for mark in status["marks"]["loss"]]
    assert kinds[0] == "best"
    assert kinds[-1] == "baseline"
    (axes,) = curves.to_figure().axes
    assert {"best epoch", "baseline"} <= {line.get_label() for line in axes.lines}
    assert any("Best epoch" in text.get_text() for text in curves.to_figure().texts)


def test_a_schedule_within_an_epoch_has_a_plot():
    model = keras.Sequential([keras.Input((4,)), L.Dense(1)])
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    model.compile(keras.optimizers.SGD(rate), "mse")
    curves = LiveCurves(display=False)
    assert curves.widget is not None
    _fit(model, curves)
    plot = curves.record.plots()[-1]
    assert plot.title == "learning rate"
    steps, values = curves.record.series["value:learning_rate"].since()
    np.testing.assert_allclose(values, 0.1 * 0.5**steps, rtol=1e-5)


def test_an_exported_notebook_shows_the_picture(plain, notebook):
    import nbformat
    from nbconvert import HTMLExporter

    _fit(plain, LiveCurves())
    still, _ = notebook.shown[-1]
    kept = {**still, "image/png": base64.b64encode(still["image/png"]).decode()}
    cell = nbformat.v4.new_code_cell("model.fit(...)")
    cell.outputs = [nbformat.v4.new_output("display_data", data=kept)]
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert page.count('src="data:image/png;base64,') == 1
    assert "Trained 2 epochs" in page
