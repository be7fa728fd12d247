"""The explore panel, kernel side: every move, every failure, and training."""

import gc
import re

import ipywidgets
import keras
import numpy as np
import pytest
from keras import layers as L

import keraslab as kl
from keraslab.draw import DrawingError
from keraslab.panels._explore import Explorer
from keraslab.panels._said import said


def tower(depth=2, units=8, skip=True):
    x = h = keras.Input((4,), name="numbers")
    for i in range(depth):
        h = L.Dense(units, name=f"step{i}")(h)
    if skip:
        h = L.Concatenate(name="join")([x, h])
    model = keras.Model(x, L.Dense(2, activation="softmax", name="answer")(h), name="tower")
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 4)).astype("float32")
    return x, (x[:, 0] > 0).astype("int32")


def test_every_move_shows_the_model_that_a_plain_build_gives():
    lab = kl.explore(tower, depth=(1, 6), units=[4, 8, 16])
    for depth, units, skip in [(1, 4, True), (6, 16, False), (3, 8, True)]:
        lab.controls["depth"].value = depth
        lab.controls["units"].value = units
        lab.controls["skip"].value = skip
        plain = tower(depth, units, skip)
        assert lab.graph.params == plain.count_params()
        assert {call.name for call in lab.graph.calls} == {op.name for op in plain.operations}
        assert f"{plain.count_params():,}" in lab._stats.value
        assert lab.error is None


def test_moves_draw_a_picture_each_and_repeat_none(monkeypatch):
    lab = kl.explore(tower, depth=(1, 6))
    drawn = []
    update = lab._view.update
    monkeypatch.setattr(
        lab._view, "update", lambda graph, **more: (drawn.append(graph), update(graph, **more))
    )
    for value in (2, 3, 3, 4):
        lab.controls["depth"].value = value
    assert [sum(c.type == "Dense" for c in g.calls) - 1 for g in drawn] == [3, 4]


def test_a_move_allocates_no_weight_and_model_is_real():
    lab = kl.explore(tower, depth=(1, 6))
    assert lab.graph.skeleton
    assert "no weights" in lab._stats.value
    model = lab.model
    assert model.predict(np.zeros((1, 4)), verbose=0).shape == (1, 2)
    assert lab.model is model, "the same position gives the same model, trained or not"
    lab.controls["depth"].value = 5
    assert lab.model is not model


def test_garbage_is_collected_again_after_a_move_that_fails():
    def fragile(units=2):
        assert not gc.isenabled()
        return 1 / 0

    kl.explore(fragile)
    assert gc.isenabled()


def test_a_build_that_fails_keeps_the_last_picture_and_says_why():
    def fragile(size=6):
        image = keras.Input((size, size, 1))
        return keras.Model(image, L.Conv2D(2, 5, name="edges")(image))

    lab = kl.explore(fragile, size=(1, 12))
    good = lab.graph
    lab.controls["size"].value = 3
    assert lab.graph is good
    assert lab._view.status["kind"] == "stale"
    assert "only 3 × 3 positions" in lab._message.value
    own = lab._message.value.split('<pre class="kl-code">')[1].split("</pre>")[0]
    assert "L.Conv2D(2, 5, name=" in own, "the person's own line is shown, as code"
    with pytest.raises(ValueError, match="zero or negative"):
        _ = lab.model
    lab.controls["size"].value = 8
    assert lab.error is None
    assert lab._view.status["kind"] == "ok"
    assert lab._message.value == ""


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda units=3: None, "returns nothing. End it with: return keras.Model"),
        (lambda units=3: L.Dense(units), "Dense"),
        (lambda units=3: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda units=3: keras.Sequential(), "has no layers"),
    ],
)
def test_a_first_build_that_gives_no_model_is_a_sentence(build, says):
    lab = kl.explore(build, units=(1, 5))
    assert lab.graph is None
    assert lab.error is not None
    assert says in lab._message.value
    assert isinstance(lab.widget, ipywidgets.VBox)
    assert says in lab._repr_mimebundle_()["text/plain"]


def test_an_exit_in_a_build_leaves_the_kernel_alive():
    def leaving(units=3):
        if units == 4:
            raise SystemExit(3)
        x = keras.Input((4,))
        return keras.Model(x, L.Dense(units)(x))

    lab = kl.explore(leaving, units=(1, 5))
    lab.controls["units"].value = 4
    assert "SystemExit" in lab._message.value
    assert lab._view.status["kind"] == "stale"
    assert "kl-stale" in lab._stats._dom_classes


def test_train_survives_a_build_that_exits(data):
    def leaving(units=2):
        raise SystemExit(3)

    lab = kl.explore(leaving, units=(1, 5), data=data)
    assert "try another" in lab._view.status["message"], "there is no earlier picture to show"
    lab._trainer.start()
    assert "SystemExit" in lab._trainer._status.value


def test_compile_without_data_is_refused():
    with pytest.raises(TypeError, match="for the Train button"):
        kl.explore(tower, compile={"optimizer": "sgd"})


def test_an_interrupt_goes_on_and_greys_the_picture():
    def slow(units=3):
        if units == 4:
            raise KeyboardInterrupt
        x = keras.Input((4,))
        return keras.Model(x, L.Dense(units)(x))

    lab = kl.explore(slow, units=(1, 5))
    with pytest.raises(KeyboardInterrupt):
        lab.controls["units"].value = 4
    assert "Interrupted" in lab._view.status["message"]
    with pytest.raises(RuntimeError, match="interrupted"):
        _ = lab.model
    lab.controls["units"].value = 5
    assert lab._view.status["kind"] == "ok"


def test_without_an_engine_the_panel_works_with_tables(monkeypatch):
    def cannot(*_):
        raise DrawingError("The picture needs the mini-racer package.")

    monkeypatch.setattr("keraslab.draw._engine.draw", cannot)
    lab = kl.explore(tower, depth=(1, 6))
    lab.controls["depth"].value = 5
    assert lab.graph.params == tower(5).count_params()
    assert lab._view.status["kind"] == "failed"
    assert "mini-racer" in lab._view.status["message"]
    assert "step4" in lab._view.status["table"]
    assert "mini-racer" in lab._repr_mimebundle_()["text/html"]


def test_hostile_text_is_escaped_everywhere():
    nasty = '<script>alert("x")</script>'

    def build(units=3):
        if units == 4:
            raise ValueError(nasty)
        x = keras.Input((4,))
        return keras.Model(x, L.Dense(units)(x), name=nasty)

    lab = kl.explore(build, units=(1, 5))
    lab.controls["units"].value = 4
    for widget in (lab._message, lab._stats, lab._shapes):
        assert "<script>" not in widget.value


def test_a_live_optimizer_falls_back_to_a_plain_build_and_says_so():
    def build(units=3):
        x = keras.Input((4,))
        model = keras.Model(x, L.Dense(units)(x))
        model.compile(keras.optimizers.Adam(0.1), "mse")
        return model

    lab = kl.explore(build, units=(1, 5))
    assert lab.error is None
    assert "with weights" in lab._stats.value
    assert "kl-note" in lab._message.value


def test_training_runs_in_a_thread_and_leaves_the_trained_model(data):
    lab = kl.explore(tower, depth=(1, 4), data=data)
    lab._trainer._epochs.value = 2
    lab._trainer.start()
    assert lab._trainer.wait(60)
    assert "Done" in lab._trainer._status.value
    assert lab.trained is lab.model
    assert not lab._trainer._train.disabled
    assert lab._trainer._buttons.stop.disabled
    assert lab._trainer.curves.children


def test_sliders_answer_while_a_model_trains(data):
    lab = kl.explore(tower, depth=(1, 4), data=data)
    lab._trainer._epochs.value = 10_000
    lab._trainer.start()
    trained = lab.model
    lab.controls["depth"].value = 4
    assert lab.graph.params == tower(4).count_params()
    assert not lab._trainer.wait(0), "the training still runs"
    lab._trainer.stop()
    assert lab._trainer.wait(60)
    assert "Stopped. The curves are those of the setting" in lab._trainer._status.value
    assert lab.trained is trained
    assert lab.trained is not lab.model


def test_an_error_in_training_is_shown_beside_the_button(data):
    x, _ = data
    lab = kl.explore(tower, depth=(1, 4), data=(x, np.zeros((7,))))
    lab._trainer.start()
    assert lab._trainer.wait(60)
    assert "x has 50 and y has 7 samples" in lab._trainer._status.value
    assert "(KL709)" in lab._trainer._status.value
    assert not lab._trainer._train.disabled


def test_an_uncompiled_model_says_how_to_compile(data):
    def build(units=2):
        x = keras.Input((4,))
        return keras.Model(x, L.Dense(units, activation="softmax")(x))

    lab = kl.explore(build, units=(2, 5), data=data)
    lab._trainer.start()
    assert "not compiled" in lab._trainer._status.value
    optimizer = keras.optimizers.SGD(0.5)
    settings = {"optimizer": optimizer, "loss": "sparse_categorical_crossentropy"}
    lab = kl.explore(build, units=(2, 5), data=data, compile=settings)
    lab._trainer._epochs.value = 1
    for units in (2, 3):
        lab.controls["units"].value = units
        lab._trainer.start()
        assert lab._trainer.wait(60)
        assert "Done" in lab._trainer._status.value
    assert float(lab.trained.optimizer.learning_rate) == pytest.approx(0.5)


def test_training_again_goes_on_with_the_same_model_and_curves(data):
    lab = kl.explore(tower, depth=(1, 4), data=data)
    lab._trainer._epochs.value = 2
    for _ in range(2):
        lab._trainer.start()
        assert lab._trainer.wait(60)
    assert len(lab._trainer._live.history["loss"]) == 4
    first = lab._trainer.curves.children
    lab.controls["depth"].value = 4
    lab._trainer.start()
    assert lab._trainer.wait(60)
    assert lab._trainer.curves.children != first


def test_a_wrong_compile_is_named(data):
    with pytest.raises(TypeError, match=r"explore\(compile=\.\.\.\) takes a dict.*'adam'"):
        kl.explore(tower, depth=(1, 4), data=data, compile="adam")


@pytest.mark.parametrize(
    "wrong", [np.zeros(3), (np.zeros(3),), [1, 2, 3], (iter([]), None), ({"a": object()}, 1)]
)
def test_wrong_data_are_named(wrong):
    with pytest.raises(ValueError, match=r"explore\(data=\.\.\.\) takes"):
        kl.explore(tower, depth=(1, 4), data=wrong)


def test_validation_data_are_taken_as_they_are(data):
    lab = kl.explore(tower, depth=(1, 4), data=(data, data))
    assert lab._trainer._fit_arguments["validation_data"] is data
    lab = kl.explore(tower, depth=(1, 4), data=data)
    assert lab._trainer._fit_arguments["validation_split"] == 0.2


def test_controls_by_dict_reach_parameters_whose_names_are_taken():
    def build(data=2):
        x = keras.Input((4,))
        return keras.Model(x, L.Dense(data)(x))

    lab = kl.explore(build, controls={"data": (1, 9)})
    lab.controls["data"].value = 9
    assert lab.graph.params == 45
    with pytest.raises(ValueError, match="'depth' twice"):
        kl.explore(tower, controls={"depth": (1, 2)}, depth=(1, 2))


def test_the_bundle_shows_something_without_a_live_kernel():
    bundle = kl.explore(tower, depth=(1, 4))._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "<svg" in bundle["image/svg+xml"]
    assert re.search(r"step0\b.*8", bundle["text/plain"])


def test_explorer_is_what_explore_returns():
    assert isinstance(kl.explore(tower), Explorer)


def test_said_drops_what_keras_wraps_around_a_message():
    image = keras.Input((3, 3, 1))
    with pytest.raises(ValueError, match="zero or negative") as caught:
        L.Conv2D(2, 5)(image)
    text = said(caught.value)
    assert text.startswith("ValueError: ")
    assert "Arguments received" not in text
    assert "\x1b" not in text
    assert len(text.splitlines()) == 1


def test_sizes_and_settings_can_be_tried_in_the_picture():
    def reader(units=4):
        words = keras.Input((None, 8), name="words")
        steps = keras.layers.LSTM(units, return_sequences=True, name="first")(words)
        return keras.Model(words, keras.layers.Dense(2, name="last")(steps))

    lab = kl.explore(reader, units=(1, 16))
    view = lab._view
    view.send = lambda *_: None
    view._asked(view, {"type": "sizes", "sizes": {"words": [None, 12, None]}}, [])
    assert view.graph.call_by_id["last#0"].outputs[0].shape == (None, 12, 2)
    assert "? × 12 × 2" in lab._shapes.value
    # A move of a slider keeps the size, the model itself has none.
    lab.controls["units"].value = 6
    assert view.graph.call_by_id["first#0"].outputs[0].shape == (None, 12, 6)
    assert lab.graph.call_by_id["first#0"].outputs[0].shape == (None, None, 6)
    assert lab.model.count_params() == lab.graph.params
    view._asked(view, {"type": "what_if", "id": "first#0", "setting": "units", "value": 9}, [])
    assert view.graph.params == reader(9).count_params()
    assert f"{reader(9).count_params():,}" in lab._stats.value
    view._asked(view, {"type": "undo"}, [])
    assert f"<dd>{lab.graph.params:,}</dd>" in lab._stats.value
