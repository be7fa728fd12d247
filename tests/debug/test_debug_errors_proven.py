"""Changes that were told in words only, and now stand in the text: in loops and functions."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistake_case import Mistake, diagnosed, mistakes

LEFT_OUT = mistakes(
    """
### KL520 turns-of-a-loop
x = keras.Input((5, 3))
h = []
for t in range(x.shape[0]):  # cause
    h.append(layers.Dense(2)(x[:, t]))
out = layers.Concatenate()(h)
### KL520 turns-of-a-list
def parts(x):
    return [layers.Dense(2)(x[:, :, j]) for j in range(x.shape[0])]  # cause
out = layers.Concatenate()(parts(keras.Input((5, 3))))
### KL520 turns-by-a-variable
x = keras.Input((5, 3))
n = x.shape[0]
h = [x[:, i, :] for i in range(n)]  # cause
### KL602 flattened-in-a-function
def net(length):
    x = keras.Input((length, 4))
    stack = [layers.Conv1D(4, 3), layers.Flatten(name="flat"), layers.LSTM(4)]  # cause
    for layer in stack:
        x = layer(x)
    return x
net(9)
### KL602 flattened-at-the-top
x = keras.Input((9, 4))
for layer in (layers.Conv1D(4, 3), layers.Flatten(name="flat"), layers.GRU(4)):  # cause
    x = layer(x)
"""
)


@pytest.mark.parametrize("case", LEFT_OUT, ids=lambda case: case.id)
def test_changes_inside_functions_and_loops(case: Mistake, tmp_path: Path) -> None:
    finding, error = diagnosed(case.source, tmp_path / "person.py")
    assert finding is not None, error
    assert finding.code == case.code, finding
    assert finding.fixes[0].tried
    assert diagnosed(finding.fixes[0].apply(case.source), tmp_path / "mended.py")[1] is None


def test_a_loop_along_nothing_has_no_other_length(tmp_path: Path) -> None:
    source = LEFT_OUT[0].source.replace("x[:, t]", "x[t]")
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert finding is not None
    assert finding.code == "KL520"
    assert not any(".shape[" in fix.code for fix in finding.fixes)


def test_a_function_called_twice_keeps_its_layers(tmp_path: Path) -> None:
    source = LEFT_OUT[3].source + "net(8)\n"
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert finding is not None
    assert finding.code == "KL602"
    assert not any("leave out" in fix.title and fix.edits for fix in finding.fixes)


SMALL = mistakes(
    """
### KL514 by-a-parameter
def net(side):
    return keras.applications.VGG16(include_top=False, weights=None, input_shape=(side, side, 3))
net(20)  # cause
### KL514 by-variables
H, W = 24, 40
high = 24  # cause
base = keras.applications.VGG16(include_top=False, weights=None, input_shape=(high, W, 3))
### KL514 by-a-keyword
def net(rows=20, columns=40):
    shape = (rows, columns, 3)
    return keras.applications.VGG19(weights=None, include_top=False, input_shape=(rows, 40, 3))
net(rows=20)  # cause
"""
)


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.id)
def test_too_small_where_the_number_is_written(case: Mistake, tmp_path: Path) -> None:
    finding, error = diagnosed(case.source, tmp_path / "person.py")
    assert finding is not None, error
    assert finding.code == case.code, finding
    fix = finding.fixes[0]
    assert fix.title.startswith("let ")
    assert fix.title.endswith("be 32, and make the images as large")
    assert fix.edits[0].line + 1 == case.cause
    assert "32" in fix.apply(case.source).split("\n")[case.cause - 1]


def test_a_size_set_by_nobody_sure_stays(tmp_path: Path) -> None:
    source = SMALL[0].source + "net(24)\n"
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert finding is not None
    assert len(finding.fixes) == 1


FITTED = """
import keras
import numpy as np
from keras import layers

a, b = keras.Input((3,), name="a"), keras.Input((2, 4), name="b")
h = layers.Concatenate()([a, layers.Flatten()(b)])
net = keras.Model([a, b], layers.Dense(1)(h))
net.compile("sgd", "mse")
first, second, y = np.ones((8, 3)), np.ones((8, 2, 4)), np.ones((8, 1))
"""
TRAINED = {
    "all": (
        "net.fit([first, second], y, verbose=0)\nnet.predict(first)\n",
        "net.predict([first, second])",
    ),
    "cut": (
        "net.fit(x=[first, second], y=y, verbose=0)\nnet.predict(second[2:4])\n",
        "net.predict([first[2:4], second[2:4]])",
    ),
    "dict": (
        "net.evaluate({'a': first, 'b': second}, y)\nnet.predict(first[:4], verbose=0)\n",
        "net.predict({'a': first[:4], 'b': second[:4]}, verbose=0)",
    ),
    "another axis": (
        "net.fit([first, second], y, verbose=0)\nnet.predict(second[:, 0])\n",
        None,
    ),
    "another array": (
        "net.fit([first, second], y, verbose=0)\nnet.predict(np.ones((2, 4)))\n",
        None,
    ),
    "another model": (
        "net.fit([1 * first, 1 * second], y, verbose=0)\n"
        "print([first, second])\nnet.predict(second[:3])\n",
        None,
    ),
}


@pytest.mark.parametrize("name", TRAINED)
def test_half_of_what_it_was_trained_on(name: str, tmp_path: Path) -> None:
    source, line = FITTED + TRAINED[name][0], TRAINED[name][1]
    finding, error = diagnosed(source, tmp_path / "person.py")
    assert finding is not None, error
    # Where each input has one variable of its form, that is said without a look at the training.
    titles = {"give all 2, as in training"}
    titles |= {"give 2 arrays, one for each input"} if line is not None else set()
    offered = [fix for fix in finding.fixes if fix.title in titles]
    assert [fix.code for fix in offered] == ([] if line is None else [line])
    for fix in offered:
        assert diagnosed(fix.apply(source), tmp_path / "mended.py")[1] is None
