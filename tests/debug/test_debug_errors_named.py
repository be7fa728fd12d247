"""What a teacher names: the array whose rows were counted, the argument, the variable."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from mistake_case import Mistake, check_mistake, diagnosed, mistakes

from keraslab import check

ROWS = mistakes(
    """
### KL723 straight
table, price = np.ones((40, 7, 3)), np.ones((40, 1))
i = keras.Input(table.shape)  # cause
h = layers.GRU(4)(i)
### KL723 through-a-variable
clips = np.zeros((30, 8, 8, 3))
form = clips.shape
i = keras.Input(shape=form)  # cause
h = layers.BatchNormalization()(i)
h = layers.Conv2D(4, 3)(h)
model = keras.Model(i, h)
model.fit(clips, np.zeros((30, 6, 6, 4)))
### KL723 in-a-function
waves, label = np.zeros((30, 50, 2)), np.zeros((30,))
def entry(shape):
    return keras.Input(shape, name="wave")  # cause
def net(form, units=4):
    return layers.Conv1D(units, 3)(entry(form))
net(waves.shape)
### KL723 in-a-class
x_train, y_train = np.zeros((24, 5, 2)), np.zeros((24,))
class Net:
    def __init__(self, shape):
        self.entry = keras.Input(shape=shape)  # cause
    def build(self):
        return layers.LSTM(3)(self.entry)
Net(np.shape(x_train)).build()
### KL723 of-two
text, photo = np.zeros((20, 6, 3)), np.zeros((20, 8, 8, 1))
a = keras.Input(tuple(text.shape), name="text")  # cause
b = keras.Input(photo.shape[1:], name="photo")
f = layers.GRU(4)(a)
model = keras.Model([a, b], f)
model.fit([text, photo], np.zeros((20,)))
### KL723 sequential
x, y = np.zeros((20, 9, 2)), np.zeros((20,))
net = keras.Sequential([keras.Input(x.shape), layers.LSTM(4)])  # cause
"""
)

OTHERS = mistakes(
    """
### KL603 one-picture
photo = np.zeros((28, 28, 3))
i = keras.Input(photo.shape)  # cause
h = layers.LSTM(4)(i)
### KL603 picture-and-its-mask
photo, mask = np.zeros((28, 28, 3)), np.zeros((28, 28))
i = keras.Input(photo.shape)  # cause
h = layers.LSTM(4)(i)
### KL603 of-one-sample
clips, y = np.zeros((30, 8, 8, 3)), np.zeros((30,))
i = keras.Input(clips.shape[1:])  # cause
h = layers.LSTM(4)(i)
### KL603 written-out
clips, y = np.zeros((30, 8, 3)), np.zeros((30,))
i = keras.Input((8, 8, 3))  # cause
h = layers.LSTM(4)(i)
### KL603 two-values
clips, y = np.zeros((30, 8, 3)), np.zeros((30,))
form = (8, 8, 3)
if len(clips) > 50:
    form = clips.shape
i = keras.Input(form)  # cause
h = layers.LSTM(4)(i)
"""
)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.id)
def test_rows_counted_while_building(case: Mistake, tmp_path: Path) -> None:
    finding, error = diagnosed(case.source, tmp_path / "person.py")
    assert finding is not None, error
    assert finding.code == case.code, finding
    assert finding.cause is not None
    assert finding.cause.place is not None
    assert finding.cause.place.line == case.cause
    (fix,) = finding.fixes
    assert fix.tried
    mended = fix.apply(case.source)
    assert "[1:]" in mended
    # What is left to do is training, on a model that was never compiled.
    again = diagnosed(mended, tmp_path / "mended.py")[0]
    assert again is None or again.code == "KL701", again


@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case.id)
def test_other_shapes_are_not_rows(case: Mistake, tmp_path: Path) -> None:
    finding, error = diagnosed(case.source, tmp_path / "person.py")
    assert finding is not None, error
    assert finding.code == case.code, finding


NAMED = mistakes(
    """
### KL502 the-layer-in-a-list
stack = [layers.Dense(20), layers.Reshape((3, 8), name="grid")]  # cause
h = keras.Input((4,))
for layer in stack:
    h = layer(h)
### KL115 lstm-with-states
i = keras.Input((6, 2))
h = layers.LSTM(4, return_state=True)(i)  # cause
h = layers.Dense(3)(h)
### KL115 both-directions
def encode(x):
    x = layers.Bidirectional(layers.GRU(4, return_state=True))(x)  # cause
    return layers.Dense(5)(x)
encode(keras.Input((6, 2)))
### KL115 no-recurrent-layer
i = keras.Input((6, 2))
h = layers.MultiHeadAttention(2, 4)(i, i, return_attention_scores=True)  # cause
h = layers.Dense(3)(h)
"""
)
WORDS = {
    "the-layer-in-a-list": "'grid'",
    "lstm-with-states": "return_state",
    "both-directions": "return_state",
}


@pytest.mark.parametrize("case", NAMED, ids=lambda case: case.id)
def test_sentences_name_layer_and_argument(case: Mistake, tmp_path: Path) -> None:
    finding = check_mistake(case, tmp_path)
    word = WORDS.get(case.name)
    if word is None:
        assert "return_state" not in finding.text()
    else:
        assert word in finding.message


def test_return_state_stays_where_the_state_is_taken(tmp_path: Path) -> None:
    source = NAMED[1].source.replace("h = layers.Dense", "last = h[1]\nh = layers.Dense")
    finding, _ = diagnosed(source, tmp_path / "person.py")
    assert finding is not None
    assert finding.code == "KL115"
    assert not any("return_state" in fix.title for fix in finding.fixes)
    assert len(finding.fixes) == 2


STATES = {
    "in-a-function": (
        "def build():\n"
        "    i = keras.Input((6, 2))\n"
        "    _, memory = layers.GRU(8, return_state=True)(i)\n"
        "    return keras.Model(i, layers.GRU(4)(i, initial_state=memory))\n",
        "memory",
    ),
    "one-of-two": (
        "def build():\n"
        "    i = keras.Input((6, 2))\n"
        "    _, tall, wide = layers.LSTM(8, return_state=True)(i)\n"
        "    return keras.Model(i, layers.LSTM(4)(i, initial_state=[tall, wide]))\n",
        "tall",
    ),
    "several-in-one": (
        "def build():\n"
        "    i = keras.Input((6, 2))\n"
        "    _, *kept = layers.LSTM(8, return_state=True)(i)\n"
        "    return keras.Model(i, layers.LSTM(4)(i, initial_state=kept))\n",
        "kept",
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_the_variable_that_holds_a_state(name: str, tmp_path: Path) -> None:
    body, word = STATES[name]
    source = (
        f"import keras\nimport numpy as np\nfrom keras import layers\n{body}"
        "model = build()\nmodel.compile('sgd', 'mse')\n"
        "model.fit(np.ones((4, 6, 2)), np.ones((4, 4)), verbose=0)\n"
    )
    finding, error = diagnosed(source, tmp_path / "person.py")
    assert finding is not None, error
    assert finding.code == "KL615"
    assert f" and {word}, the result of '" in finding.message


STRIDES = mistakes(
    """
### KL205 conv-strides
i = keras.Input((16, 16, 4))
y = layers.Conv2D(4, 3, strides=2, padding="same")(i)  # cause
z = layers.Add()([y, i])
### KL205 separable
i = keras.Input((32, 8))
short = layers.Conv1D(6, 1)(i)
y = layers.SeparableConv1D(6, 3, strides=4, padding="same")(i)  # cause
z = layers.Concatenate()([y, short])
### KL205 pooled
i = keras.Input((32, 8))
y = layers.MaxPooling1D(2)(i)  # cause
z = layers.Concatenate()([y, i])
### KL205 both-lose
i = keras.Input((33, 8))
short = layers.Conv1D(8, 3)(i)
y = layers.Conv1D(8, 3, strides=2, padding="same")(i)  # cause
z = layers.Add()([y, short])
"""
)
SAID = {
    "conv-strides": "has strides=2 and keeps every position in 2, the other branch (i) all",
    "separable": "has strides=4 and keeps every position in 4, the other branch (short) all",
    "pooled": "'max_pooling1d' keeps every position in 2, the other branch (i) all",
}


@pytest.mark.parametrize("case", STRIDES, ids=lambda case: case.id)
def test_strides_of_one_branch(case: Mistake, tmp_path: Path) -> None:
    keras.utils.clear_session(free_memory=False)
    finding, error = diagnosed(case.source, tmp_path / "person.py")
    assert finding is not None, error
    assert finding.code == case.code
    assert finding.cause is not None
    assert finding.cause.place is not None
    assert finding.cause.place.line == case.cause
    if case.name in SAID:
        assert SAID[case.name] in finding.cause.sentence
    else:
        assert "all" not in finding.cause.sentence.split()


SPREAD = mistakes(
    """
### KL307 a-name
SIZE = (12, 10)
i = keras.Input((SIZE, 3))  # cause
### KL307 a-list-in-a-function
def net(size):
    return keras.Input(shape=(size, 1))  # cause
net([9, 8])
### KL307 written-out
i = keras.Input(shape=((12, 10), 3))  # cause
"""
)


@pytest.mark.parametrize("case", SPREAD, ids=lambda case: case.id)
def test_sizes_inside_a_shape(case: Mistake, tmp_path: Path) -> None:
    finding = check_mistake(case, tmp_path)
    assert "is several sizes already" in finding.message
    assert all(fix.tried and "(*" in fix.code for fix in finding.fixes)


AGAIN = mistakes(
    """
### KL402 the-cell-again
i = keras.Input((4,), name="row")
h = layers.Dense(3)(i)
i = keras.Input((4,), name="row")  # cause
model = keras.Model(i, h)
### KL402 one-of-two
a, b = keras.Input((4,), name="a"), keras.Input((2,), name="b")
h = layers.Concatenate()([a, b])
kept = a
a = keras.Input((4,), name="a")  # cause
out = layers.Dense(1)(h)
model = keras.Model(inputs=[a, b], outputs=out)  # cause
### KL405 two-inputs-of-one-name
a, b = keras.Input((4,), name="row"), keras.Input((2,), name="row")  # cause
h = layers.Concatenate()([a, b])
model = keras.Model([a, b], h)
"""
)


@pytest.mark.parametrize("case", AGAIN, ids=lambda case: case.id)
def test_an_input_made_anew(case: Mistake, tmp_path: Path) -> None:
    finding, error = diagnosed(case.source, tmp_path / "person.py")
    assert finding is not None, error
    assert finding.code == case.code, finding
    for fix in finding.fixes:
        assert diagnosed(fix.apply(case.source), tmp_path / "mended.py")[1] is None


def forgetful(take: bool, heads: int = 2) -> keras.Model:
    words = keras.Input((6,), dtype="int32")
    x = layers.Embedding(9, 8)(words)
    y = layers.MultiHeadAttention(heads, 4)(x, x)
    y = layers.LayerNormalization()(y)
    return keras.Model(words, layers.Dense(2)(layers.GlobalMaxPooling1D()(y if take else x)))


def test_an_attention_that_nothing_takes() -> None:
    report = check(forgetful(take=False), select="KL451")
    assert len(report) == 1
    assert "multi_head_attention" in report[0].message


def test_an_attention_that_is_taken() -> None:
    assert check(forgetful(take=True), select="KL451").codes == ()


def test_an_attention_that_another_model_takes() -> None:
    words = keras.Input((6,), dtype="int32")
    x = layers.Embedding(9, 8)(words)
    y = layers.MultiHeadAttention(2, 4)(x, x)
    short = keras.Model(words, layers.Dense(2)(layers.GlobalMaxPooling1D()(x)))
    long = keras.Model(words, layers.Dense(2)(layers.GlobalMaxPooling1D()(y)))
    assert check(short, select="KL451").codes == ()
    assert long.predict(np.ones((2, 6)), verbose=0).shape == (2, 2)
