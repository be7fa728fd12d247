"""Mistakes in functions and loops that run again: the change holds for every round."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistake_case import Mistake, diagnosed, mistakes

MISTAKES = mistakes(
    """
### KL205 residual-stages
def unit(x, filters, stride):
    skip = x
    x = layers.Conv2D(filters, 3, strides=stride, padding="same")(x)
    x = layers.Conv2D(filters, 3, padding="same")(x)
    return layers.add([x, skip])  # cause
x = i = keras.Input((32, 32, 16))
for filters, stride in ((16, 1), (32, 2), (64, 2)):
    x = unit(unit(x, filters, stride), filters, 1)
### KL205 pooled-branch
def unit(h):
    shortcut = h
    h = layers.Conv1D(h.shape[-1] * 2, 3, padding="same")(h)
    h = layers.MaxPooling1D(2, padding="same")(h)
    return layers.Add()([h, shortcut])  # cause
x = unit(unit(keras.Input((45, 4))))
### KL206 wider-in-a-loop
h = keras.Input((8, 8, 4))
for width in (4, 8, 16):
    y = layers.Conv2D(width, 3, padding="same", activation="relu")(h)
    h = layers.add([h, y])  # cause
### KL206 wider-dense
class Net:
    def block(self, h, units):
        y = layers.Dense(units, activation="relu")(h)
        return y + h  # cause
    def __call__(self, h):
        for units in (8, 8, 4, 2):
            h = self.block(h, units)
        return h
Net()(keras.Input((8,)))
### KL206 squeezed-gate
def attend(maps):
    n = maps.shape[-1]
    w = layers.GlobalAveragePooling2D(keepdims=True)(maps)
    w = layers.Dense(n // 4, activation="relu")(w)
    return layers.Multiply()([maps, w])  # cause
x = attend(keras.Input((8, 8, 16)))
x = attend(layers.Conv2D(32, 3)(x))
### KL206 squeezed-sequence
def attend(steps):
    gate = layers.GlobalAveragePooling1D(keepdims=True)(steps)
    gate = layers.Dense(steps.shape[-1] // 2, activation="sigmoid")(gate)
    return gate * steps  # cause
x = attend(layers.Conv1D(8, 3)(attend(keras.Input((12, 4)))))
### KL501 aliases-in-a-loop
picture = keras.Input((20, 20, 4), name="picture")
x = picture
for n in (16, 32, 64, 64):
    x = layers.Conv2D(n, 3)(x)
    x = layers.MaxPool2D()(x)  # cause
### KL501 in-a-function
def stage(t, n):
    t = layers.Convolution1D(n, 5)(t)
    return layers.AvgPool1D(4)(t)  # cause
wave = keras.Input((40, 1), name="wave")
y = stage(stage(stage(wave, 4), 8), 8)
### KL501 scaled-first
scan = keras.Input((12, 12, 1), name="scan")
x = layers.Rescaling(1 / 255)(scan)
for _ in range(4):
    x = layers.Conv2D(4, 3, activation="relu")(x)
    x = layers.MaxPooling2D(2)(x)  # cause
### KL501 by-position
class Net:
    def __init__(self, side):
        self.tile = keras.Input((side, side, 3), name="tile")
        h = self.tile
        for n in (8, 8, 8):
            h = layers.Conv2D(n, (5, 5), (2, 2))(h)  # cause
Net(20)
### KL106 curried
def dense(units):
    return lambda t: layers.Dense(units)(t)
i = keras.Input((4,))
h = dense(8)(i)
h = dense(2)  # cause
out = layers.Softmax()(h)
### KL106 curried-other-name
def block(filters):
    def apply(t):
        return layers.ReLU()(layers.Conv2D(filters, 3)(t))
    return apply
i = keras.Input((9, 9, 3))
low = block(4)(i)
high = block(8)  # cause
out = layers.Flatten()(high)
### KL106 curried-in-a-function
def drop(rate):
    def apply(t):
        return layers.Dropout(rate)(t)
    return apply
def net(t):
    t = drop(0.1)(t)
    t = drop(0.2)  # cause
    return layers.Dense(2)(t)
net(keras.Input((4,)))
### KL106 curried-into-a-merge
def wide(units):
    def apply(t, name=None):
        return layers.Dense(units, name=name)(t)
    return apply
a = keras.Input((4,))
b = wide(4)  # cause
c = layers.add([a, b])
### KL108 sampling
import tensorflow as tf
def sample(args):
    mean, log = args
    eps = tf.random.normal(shape=tf.shape(mean))  # cause
    return mean + tf.exp(0.5 * log) * eps
i = keras.Input((6,))
z = sample([layers.Dense(2)(i), layers.Dense(2)(i)])
### KL108 uniform
import tensorflow as tf
x = keras.Input((6,))
noise = tf.random.uniform(tf.shape(x))  # cause
kept = tf.where(tf.greater(noise, 0.5), x, 0.0)
y = layers.Dense(2)(kept)
### KL108 scaled-noise
import tensorflow as tf
class Noisy:
    def __call__(self, h):
        return h + 0.1 * tf.random.normal(tf.shape(h), stddev=2.0)  # cause
y = Noisy()(keras.Input((6,)))
### KL108 nothing-like-it
import tensorflow as tf
def shuffled(t):
    return tf.nn.softmax(tf.random.shuffle(tf.transpose(t)))  # cause
x = shuffled(keras.Input((6,)))
### KL505 one-picture
def encoder(side):
    i = keras.Input((side, side, 3))
    return keras.Model(i, layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(i)))
def video(side=8):
    frames = keras.Input((side, side, 3), name="frames")  # cause
    each = layers.TimeDistributed(encoder(side))(frames)
    return keras.Model(frames, layers.LSTM(4)(each))
video()
### KL505 one-sentence
i = keras.Input((12, 8))
words = keras.Model(i, layers.GRU(4)(i), name="words")
text = keras.Input(shape=(12, 8))  # cause
x = layers.GlobalMaxPooling1D()(layers.TimeDistributed(words)(text))
### KL614 inside-a-block
def block(t, keep):
    return layers.MultiHeadAttention(2, 4)(t, t, attention_mask=keep)  # cause
ids = keras.Input((6,), dtype="int32")
t = block(layers.Embedding(9, 8)(ids), ops.not_equal(ids, 0))
m = keras.Model(ids, layers.Flatten()(t))
m.predict(np.ones((4, 6), "int32"), verbose=0)
"""
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=[m.id for m in MISTAKES])
def test_the_first_change_mends_the_whole(mistake: Mistake, tmp_path: Path) -> None:
    finding, error = diagnosed(mistake.source, tmp_path / "person.py")
    assert error is not None
    assert finding is not None, error
    assert finding.code == mistake.code, finding
    placed = [fix for fix in finding.fixes if fix.edits]
    assert placed, finding
    mended = placed[0].apply(mistake.source)
    exec(compile(mended, "mended", "exec"), {"__name__": "mended"})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("aliases-in-a-loop", "of the 20 × 20 of picture after"),
        ("in-a-function", "of the 40 of wave after"),
        ("scaled-first", "of the 12 × 12 of scan after"),
        ("by-position", "of the 20 × 20 of self.tile after"),
        ("inside-a-block", "takes an attention_mask that"),
        ("one-picture", "frames is ? × 8 × 3 in each step"),
    ],
)
def test_the_sentence_names_where_it_began(name: str, said: str, tmp_path: Path) -> None:
    (mistake,) = [each for each in MISTAKES if each.name == name]
    finding, _ = diagnosed(mistake.source, tmp_path / "person.py")
    assert finding is not None
    assert said in finding.message
