import keras
import numpy as np
import pytest

from keraslab.train import LiveCurves
from keraslab.train._names import TOTAL, named_by_losses, output_names, split

L = keras.layers


def _fitted(outputs, loss, metrics, targets):
    x = keras.Input((4,))
    h = L.Dense(3)(x)
    model = keras.Model(x, outputs(h))
    model.compile("sgd", loss, metrics=metrics)
    logs = model.fit(np.ones((8, 4)), targets, verbose=0).history
    return model, logs


ONE = np.ones((8, 1))


def test_one_output_has_no_output_in_its_names():
    model, logs = _fitted(lambda h: L.Dense(1, name="age_loss")(h), "mse", ["mae"], ONE)
    assert output_names(model) == ()
    assert {split(key, output_names(model)) for key in logs} == {("", "loss"), ("", "mae")}


def test_dict_outputs_go_by_their_keys():
    model, logs = _fitted(
        lambda h: {"age": L.Dense(1, name="age_head")(h), "age_group": L.Dense(1)(h)},
        {"age": "mse", "age_group": "mse"},
        {"age": ["mae"], "age_group": ["mae"]},
        {"age": ONE, "age_group": ONE},
    )
    found = {split(key, output_names(model)) for key in logs}
    assert found == {
        (TOTAL, "loss"),
        ("age", "loss"),
        ("age", "mae"),
        ("age_group", "loss"),
        ("age_group", "mae"),
    }


def test_list_outputs_go_by_their_layers():
    model, logs = _fitted(
        lambda h: [L.Dense(1, name="left")(h), L.Dense(1, name="right")(h)],
        ["mse", "mse"],
        [["mae"], ["mae"]],
        [ONE, ONE],
    )
    found = {split(key, output_names(model)) for key in logs}
    assert found == {(TOTAL, "loss")} | {
        (side, metric) for side in ("left", "right") for metric in ("loss", "mae")
    }


def test_outputs_in_a_nested_structure_go_by_their_paths():
    x = keras.Input((4,))
    left, right = L.Dense(1, name="left")(x), L.Dense(1, name="right")(x)
    model = keras.Model(x, {"age": L.Dense(1)(x), "eyes": [left, right]})
    model.compile("sgd", {"age": "mse", "eyes": ["mse", "mse"]})
    curves = LiveCurves(display=False)
    targets = {"age": ONE, "eyes": [ONE, ONE]}
    model.fit(np.ones((8, 4)), targets, verbose=0, callbacks=[curves])
    found = {(plot.output, plot.metric) for plot in curves.record.plots()}
    named = ("age", "eyes/left", "eyes/right")
    assert found == {(TOTAL, "loss")} | {(name, "loss") for name in named}


@pytest.mark.parametrize(
    ("keys", "outputs"),
    [(["loss", "kl_loss", "mae"], ("kl",)), (["loss", "mae"], ()), (["a_loss"], ())],
)
def test_outputs_named_by_the_logs_alone(keys, outputs):
    assert named_by_losses(keys) == outputs
