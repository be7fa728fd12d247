"""Mistakes of one kind in several forms: the rule, the line of the cause, the change."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest
from mistake_case import MARK, START, diagnosed

CASES = {
    ("KL607", "lstm2"): """\
x = keras.Input((9, 3), name='x')
r = layers.LSTM(5, return_state=True, name='r')
out, h = r(x)  # cause
m = keras.Model(x, layers.Dense(2)(h))
""",
    ("KL607", "gru3"): """\
x = keras.Input((9, 3), name='x')
out, h, c = layers.GRU(5, return_state=True, name='r')(x)  # cause
m = keras.Model(x, layers.Dense(2)(layers.Concatenate()([h, c])))
""",
    ("KL607", "mha"): """\
x = keras.Input((9, 3), name='x')
out, scores = layers.MultiHeadAttention(2, 4, name='att')(x, x)  # cause
m = keras.Model(x, out)
""",
    ("KL607", "bigru"): """\
x = keras.Input((9, 3), name='x')
r = layers.Bidirectional(layers.GRU(5, return_state=True), name='r')(x)  # cause
out, h = r
m = keras.Model(x, layers.Dense(2)(h))
""",
    ("KL607", "bilstm_fn"): """\
def enc(t):
    out, h, c = layers.Bidirectional(layers.LSTM(5, return_state=True), name='r')(t)  # cause
    return out, h, c
x = keras.Input((9, 3), name='x')
o, h, c = enc(x)
m = keras.Model(x, layers.Dense(2)(h))
""",
    ("KL607", "lstm_nostate"): """\
x = keras.Input((9, 3), name='x')
out, h, c = layers.LSTM(5, name='r')(x)  # cause
m = keras.Model(x, layers.Dense(2)(out))
""",
    ("KL122", "split"): """\
x = keras.Input((9,), name='x')
a, b = ops.split(x, 3, axis=-1)  # cause
m = keras.Model(x, a)
""",
    ("KL122", "model"): """\
i = keras.Input((9,), name='i')
both = keras.Model(i, [layers.Dense(2)(i), layers.Dense(3)(i), layers.Dense(4)(i)], name='both')
x = keras.Input((9,), name='x')
a, b = both(x)  # cause
m = keras.Model(x, a)
""",
    ("KL122", "shape"): """\
x = keras.Input((9, 8, 3), name='x')
h, w, c = x.shape  # cause
m = keras.Model(x, layers.Reshape((h*w, c))(x))
""",
    ("KL520", "mul"): """\
x = keras.Input((None, 12), name='audio')  # cause
y = layers.Reshape((x.shape[1] * 12,))(x)
m = keras.Model(x, y)
""",
    ("KL520", "prod"): """\
x = keras.Input((None, 12), name='audio')  # cause
h = layers.Conv1D(4, 3)(x)
y = layers.Dense(h.shape[1] // 2)(layers.Flatten()(h))
m = keras.Model(x, y)
""",
    ("KL520", "add"): """\
x = keras.Input((None, 12), name='audio')  # cause
n = x.shape[1]
k = n + 1
m = keras.Model(x, layers.Dense(k)(x))
""",
    ("KL520", "batchmul"): """\
x = keras.Input((6, 12), name='audio')
y = ops.reshape(x, (x.shape[0] * 6, 12))  # cause
m = keras.Model(x, layers.Dense(3)(y))
""",
    ("KL520", "zeros"): """\
x = keras.Input((6, 12), name='x')
z = ops.zeros((x.shape[0], 6, 12))  # cause
m = keras.Model(x, layers.Add()([x, z]))
""",
    ("KL520", "ones_fn"): """\
def start(t):
    return ops.ones((t.shape[0], 4))  # cause
x = keras.Input((6, 12), name='x')
m = keras.Model(x, layers.LSTM(4)(x, initial_state=[start(x), start(x)]))
""",
    ("KL520", "arange"): """\
x = keras.Input((None,), dtype='int32', name='tok')  # cause
pos = ops.arange(x.shape[1])
y = layers.Embedding(30, 8)(x) + layers.Embedding(50, 8)(pos)
m = keras.Model(x, y)
""",
    ("KL520", "shapeunpack"): """\
x = keras.Input((None, None, 3), name='img')  # cause
_, h, w, c = x.shape
y = layers.Resizing(h * 2, w * 2)(x)
m = keras.Model(x, y)
""",
    ("KL520", "opsshape"): """\
x = keras.Input((None, 12), name='audio')  # cause
s = ops.shape(x)
y = layers.Reshape((s[1] * s[2],))(x)
m = keras.Model(x, y)
""",
    ("KL520", "dense"): """\
x = keras.Input((None, 12), name='audio')  # cause
y = layers.Dense(x.shape[1])(x)
m = keras.Model(x, y)
""",
    ("KL520", "cmp"): """\
x = keras.Input((None, 12), name='audio')  # cause
if x.shape[1] > 5:
    y = layers.Conv1D(4, 3)(x)
else:
    y = x
m = keras.Model(x, y)
""",
    ("KL516", "perm0"): """\
x = keras.Input((9, 3), name='x')
y = layers.Permute((1, 0), name='swap')(x)  # cause
m = keras.Model(x, y)
""",
    ("KL516", "perm4"): """\
x = keras.Input((9, 8, 3), name='x')
y = layers.Permute(dims=[0, 3, 1, 2], name='swap')(x)  # cause
m = keras.Model(x, y)
""",
    ("KL516", "permneg"): """\
x = keras.Input((9, 8, 3), name='x')
y = layers.Permute((2, 3, 4))(x)  # cause
m = keras.Model(x, y)
""",
    ("KL516", "permrep"): """\
x = keras.Input((9, 8, 3), name='x')
y = layers.Permute((1, 1, 2), name='swap')(x)  # cause
m = keras.Model(x, y)
""",
    ("KL517", "dil"): """\
x = keras.Input((19, 18, 3), name='x')
y = layers.Conv2D(4, 3, strides=2, dilation_rate=2)(x)  # cause
m = keras.Model(x, y)
""",
    ("KL517", "groups"): """\
x = keras.Input((9, 8, 4), name='x')
y = layers.Conv2D(6, 3, groups=4)(x)  # cause
m = keras.Model(x, y)
""",
    ("KL517", "ct"): """\
x = keras.Input((9, 8, 3), name='x')
y = layers.Conv2DTranspose(4, 3, strides=2, output_padding=2)(x)  # cause
m = keras.Model(x, y)
""",
    ("KL518", "pad1"): """\
x = keras.Input((9, 8, 3), name='x')
y = layers.Conv2D(4, 3, padding=1)(x)  # cause
m = keras.Model(x, y)
""",
    ("KL518", "pad1pool"): """\
x = keras.Input((9, 8, 3), name='x')
y = layers.MaxPooling2D(2, padding=0)(x)  # cause
m = keras.Model(x, y)
""",
    ("KL519", "conv0"): """\
x = keras.Input((9,8,3), name='x')
n=8
y = layers.Conv2D(n / 2, 3)(x)  # cause
m = keras.Model(x, y)
""",
    ("KL606", "bidense"): """\
x = keras.Input((9, 3), name='x')
y = layers.Bidirectional(layers.Dense(4))(x)  # cause
m = keras.Model(x, y)
""",
    ("KL614", "flat"): """\
t = keras.Input((12,), dtype='int32', name='t')
x = layers.Embedding(30, 8)(t)
mask = ops.not_equal(t, 0)
y = layers.MultiHeadAttention(2, 4, name='att')(x, x, attention_mask=mask)  # cause
m = keras.Model(t, y)
m.predict(np.ones((4, 12), 'int32'), verbose=0)
""",
    ("KL614", "flat_eq"): """\
t = keras.Input((12,), dtype='int32', name='t')
x = layers.Embedding(30, 8)(t)
y = layers.MultiHeadAttention(2, 4, name='att')(x, x, attention_mask=ops.not_equal(t, 0))  # cause
m = keras.Model(t, y)
m.predict(np.ones((5, 12), 'int32'), verbose=0)
""",
    ("KL614", "input"): """\
q = keras.Input((12, 8), name='q')
pm = keras.Input((12,), dtype='bool', name='pm')
y = layers.MultiHeadAttention(2, 4, name='att')(q, q, attention_mask=pm)  # cause
m = keras.Model([q, pm], y)
m.predict([np.ones((5, 12, 8)), np.ones((5, 12), 'bool')], verbose=0)
""",
    ("KL614", "gqa"): """\
q = keras.Input((12, 8), name='q')
pm = keras.Input((12,), dtype='bool', name='pm')
y = layers.GroupQueryAttention(4, 4, 2, name='att')(q, q, attention_mask=pm)  # cause
m = keras.Model([q, pm], y)
m.predict([np.ones((5, 12, 8)), np.ones((5, 12), 'bool')], verbose=0)
""",
    ("KL614", "own"): """\
class Block(layers.Layer):
    def __init__(self):
        super().__init__()
        self.att = layers.MultiHeadAttention(2, 4)
    def call(self, x, pad):
        return x + self.att(x, x, attention_mask=pad)  # cause
q = keras.Input((12, 8), name='q')
pm = keras.Input((12,), dtype='bool', name='pm')
m = keras.Model([q, pm], Block()(q, pm))
m.predict([np.ones((5, 12, 8)), np.ones((5, 12), 'bool')], verbose=0)
""",
    ("KL615", "lstm1"): """\
x = keras.Input((9, 3), name='x')
s = keras.Input((4,), name='s')
y = layers.LSTM(4, name='r')(x, initial_state=s)  # cause
m = keras.Model([x, s], y)
m.predict([np.ones((2,9,3)),np.ones((2,4))], verbose=0)
""",
    ("KL615", "lstm_w"): """\
x = keras.Input((9, 3), name='x')
_, h, c = layers.LSTM(6, return_state=True, name='enc')(x)
z = keras.Input((5, 3), name='z')
y = layers.LSTM(4, name='dec')(z, initial_state=[h, c])  # cause
m = keras.Model([x, z], y)
m.predict([np.ones((2,9,3)),np.ones((2,5,3))], verbose=0)
""",
    ("KL615", "gru_w"): """\
x = keras.Input((9, 3), name='x')
h = layers.Dense(6, name='h')(layers.Flatten()(x))
y = layers.GRU(4, name='dec')(x, initial_state=h)  # cause
m = keras.Model(x, y)
m.predict(np.ones((2,9,3)), verbose=0)
""",
    ("KL615", "bi"): """\
x = keras.Input((9, 3), name='x')
_, h, c = layers.LSTM(4, return_state=True, name='enc')(x)
y = layers.Bidirectional(layers.LSTM(4), name='dec')(x, initial_state=[h, c])  # cause
m = keras.Model(x, y)
m.predict(np.ones((2,9,3)), verbose=0)
""",
    ("KL615", "bi_to_uni"): """\
x = keras.Input((9, 3), name='x')
_, *s = layers.Bidirectional(layers.LSTM(4, return_state=True), name='enc')(x)
y = layers.LSTM(4, name='dec')(x, initial_state=s)  # cause
m = keras.Model(x, y)
m.predict(np.ones((2,9,3)), verbose=0)
""",
    ("KL720", "nplist"): """\
m = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
m.compile('adam', 'mse')
texts = np.array([[1, 2], [3]])  # cause
""",
    ("KL720", "obj"): """\
m = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
m.compile('adam', 'mse')
texts = np.array([[4, 7, 2], [5, 1]], dtype=object)  # cause
m.fit(texts, np.ones((2, 1)), verbose=0)
""",
    ("KL720", "list"): """\
m = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
m.compile('adam', 'mse')
texts = [[4, 7, 2], [5, 1]]  # cause
m.fit(np.asarray(texts), np.ones((2, 1)), verbose=0)
""",
    ("KL720", "conv"): """\
texts = [[4, 7, 2], [5, 1]]  # cause
t = ops.convert_to_tensor(texts)
""",
    ("KL720", "y"): """\
m = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
m.compile('adam', 'mse')
y = np.array([[1], []], dtype=object)  # cause
m.fit(np.ones((2, 3)), y, verbose=0)
""",
    ("KL210", "gate"): """\
class G(layers.Layer):
    def __init__(self, c):
        super().__init__(name='g')
        self.a = layers.Dense(c // 2, name='a')  # cause
    def call(self, x):
        return x * self.a(x)
x = keras.Input((8,), name='x')
m = keras.Model(x, G(8)(x))
""",
    ("KL210", "add"): """\
class Res(layers.Layer):
    def __init__(self, c):
        super().__init__(name='res')
        self.conv = layers.Conv2D(c, 3, padding='same', name='conv')  # cause
    def call(self, x):
        y = self.conv(x)
        return ops.add(x, y)
x = keras.Input((8, 8, 3), name='x')
m = keras.Model(x, Res(16)(x))
""",
    ("KL210", "addlayer"): """\
class Res(layers.Layer):
    def __init__(self, c):
        super().__init__(name='res')
        self.conv = layers.Conv2D(c, 3, padding='same', name='conv')  # cause
        self.add = layers.Add()
    def call(self, x):
        return self.add([x, self.conv(x)])
x = keras.Input((8, 8, 3), name='x')
m = keras.Model(x, Res(16)(x))
""",
    ("KL210", "matmul"): """\
class A(layers.Layer):
    def __init__(self):
        super().__init__(name='aa')
        self.q = layers.Dense(4, name='q')  # cause
        self.k = layers.Dense(6, name='k')
    def call(self, x):
        s = ops.matmul(self.q(x), ops.transpose(self.k(x), (0, 2, 1)))
        return ops.softmax(s)
x = keras.Input((8, 5), name='x')
m = keras.Model(x, A()(x))
""",
    ("KL210", "model"): """\
class M(keras.Model):
    def __init__(self):
        super().__init__(name='mm')
        self.a = layers.Dense(4, name='a')
        self.b = layers.Dense(6, name='b')  # cause
    def call(self, x):
        return self.a(x) + self.b(x)
m = M()
m.compile('adam', 'mse')
m.fit(np.ones((4, 3)), np.ones((4, 4)), verbose=0)
""",
    ("KL402", "help"): """\
def enc():
    inner = keras.Input((10, 3))  # cause
    return layers.LSTM(4)(inner)
t = keras.Input((10, 3), name='t')
m = keras.Model(t, enc())
""",
    ("KL402", "help2"): """\
def enc(n, width=4):
    inner = keras.Input((n, 3))  # cause
    return layers.LSTM(width)(inner)
t = keras.Input((10, 3), name='t')
m = keras.Model(t, enc(10, width=5))
""",
    ("KL302", "emb"): """\
t = keras.Input((32, 10), dtype='int32', name='t')  # cause
y = layers.LSTM(4)(layers.Embedding(9, 5)(t))
m = keras.Model(t, y)
""",
    ("KL302", "none"): """\
t = keras.Input((None, 10, 3), name='t')  # cause
y = layers.LSTM(4)(t)
m = keras.Model(t, y)
""",
}
RIGHT = {
    "states": "_, h, c = layers.LSTM(4, return_state=True)(keras.Input((9, 3)))\nh, k = c\n",
    "none": "n = None\nm = n * 2\n",
    "own": "class L(layers.Layer):\n    def call(self, x):\n        return x + y\n"
    "L()(keras.Input((3,)))\n",
    "lists": "a, b = [1, 2, 3]\n",
}


@pytest.mark.filterwarnings("ignore:.build:UserWarning")
@pytest.mark.filterwarnings("ignore:Layer:UserWarning")  # Keras says first that it cannot build
@pytest.mark.parametrize(("code", "name"), CASES)
def test_mistake_of_a_family(code: str, name: str, tmp_path: Path) -> None:
    text = START + CASES[code, name]
    keras.utils.clear_session(free_memory=False)
    finding, _ = diagnosed(text, tmp_path / "person.py")
    assert finding is not None
    assert finding.code == code
    assert len(finding.message.split(". ")) == 1
    assert finding.cause is not None
    assert finding.cause.place is not None
    assert MARK in text.split("\n")[finding.cause.place.line - 1]
    first = next(fix for fix in finding.fixes if fix.edits)
    keras.utils.clear_session(free_memory=False)
    exec(compile(first.apply(text), "mended", "exec"), {"__name__": "mended"})


@pytest.mark.parametrize("name", RIGHT)
def test_other_failures_are_not_of_these_families(name: str, tmp_path: Path) -> None:
    finding, error = diagnosed(START + RIGHT[name], tmp_path / "person.py")
    assert error is not None
    assert finding is None or finding.code not in {code for code, _ in CASES}
