"""Arrays, numbers of NumPy, variables and lists on one side of an operator of Python."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistake_case import Mistake, check_mistake, diagnosed, mistakes, proven

MISTAKES = mistakes(
    """
### KL109 slice-of-a-table
def table(length, width):
    return np.outer(np.arange(length), np.ones(width)).astype("float32")
class Block:
    def encode(self, ids):
        emb = layers.Embedding(20, 4)(ids)
        sines = table(6, 4)
        emb = sines[np.newaxis, :, :] + emb  # cause
        return layers.Dense(2)(emb)
model = keras.Model(ids := keras.Input((6,)), Block().encode(ids))
### KL109 number-of-numpy
x = keras.Input((8,))
y = layers.Dense(4)(np.sqrt(8.0) * x)  # cause
### KL109 single-precision
half = np.float32(0.5)
x = keras.Input((8,))
y = layers.Dense(4)(half - x)  # cause
### KL109 product
weights = np.ones((5, 5), "float32")
x = keras.Input((5, 3))
y = weights @ x  # cause
### KL109 in-place
total = np.zeros(8, "float32")
for _ in range(2):
    x = keras.Input((8,))
    total += x  # cause
### KL109 comparison
limit = np.full(8, 0.5, "float32")
x = keras.Input((8,))
above = limit < x  # cause
y = ops.cast(above, "float32")
### KL109 power-in-a-sum
base = np.array([1.0, 2.0, 3.0], "float32")
x = keras.Input((3,))
y = 1.0 + base ** x  # cause
### KL109 of-an-expression
scale = np.ones(8, "float32")
x = keras.Input((8,))
y = x - (scale * 2.0) * (x + 1.0)  # cause
### KL109 mask
keep = np.array([True, False])
x = keras.Input((2,), dtype="bool")
y = keep & x  # cause
### KL109 argument
def normed(t, mean, std=1.0):
    return mean * layers.LayerNormalization()(t)  # cause
y = normed(keras.Input((3,)), np.ones(3, "float32"))
### KL109 attribute
class Scaled:
    def __init__(self):
        self.means = np.ones(4, "float32")
    def __call__(self, x):
        return layers.Dense(2)(self.means / x)  # cause
y = Scaled()(keras.Input((4,)))
### KL108 tensorflow-compared
import tensorflow as tf
limit = tf.ones(8)
x = keras.Input((8,))
y = limit >= x  # cause
### KL108 variable-first
scale = keras.Variable(np.ones(4, "float32"))
x = keras.Input((4,))
y = scale * x  # cause
### KL123 list
x = keras.Input((3,))
y = x + [1.0, 2.0, 3.0]  # cause
### KL123 list-first
x = keras.Input((3,))
means = [1.0, 2.0, 3.0]
y = layers.Dense(2)(means * x)  # cause
### KL123 tuple
def centred(t):
    return t - (0.4, 0.5, 0.6)  # cause
y = centred(keras.Input((4, 4, 3)))
### KL123 list-of-lists
x = keras.Input((2,))
y = x @ [[1.0, 0.0], [0.0, 1.0]]  # cause
### KL123 division
stds = (0.2, 0.3, 0.4)
pictures = [keras.Input((4, 4, 3)) for _ in range(2)]
scaled = [p / stds for p in pictures]  # cause
"""
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=[m.id for m in MISTAKES])
def test_what_stands_beside_an_operator_is_found(mistake: Mistake, tmp_path: Path) -> None:
    finding = check_mistake(mistake, tmp_path)
    assert "symbolic" in finding.message or mistake.code == "KL123"


def test_the_fix_imports_keras_where_the_code_does_not(tmp_path: Path) -> None:
    source = "import numpy as np\nfrom keras import Input\n\nx = Input((3,))\ny = np.ones(3) / x\n"
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert finding is not None
    (fix,) = finding.fixes
    assert fix.apply(source).startswith("import keras\nimport numpy")
    proven(finding, source, tmp_path / "mended.py")


@pytest.mark.parametrize(
    "line",
    [
        "wide + x",  # the shapes do not fit either
        "[1.0, 'a'] + x",  # no numbers
        "[[1.0], [1.0, 2.0]] * x",  # of different lengths
    ],
)
def test_no_change_is_offered_where_the_sides_do_not_fit(line: str, tmp_path: Path) -> None:
    source = "import keras\nimport numpy as np\nwide = np.ones((2, 5))\n"
    source += f"x = keras.Input((3,))\ny = {line}\n"
    finding, error = diagnosed(source, tmp_path / "person.py")
    assert error is not None
    assert finding is None or finding.fixes == ()


def test_the_library_of_the_left_side_is_named(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    source = "import keras\nimport pandas as pd\nmeans = pd.Series([1.0, 2.0])\n"
    source += "x = keras.Input((2,))\ny = means * x\n"
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert finding is not None
    assert finding.message.startswith("means is a Series, ")
    assert "NumPy" not in finding.message
    proven(finding, source, tmp_path / "mended.py")
