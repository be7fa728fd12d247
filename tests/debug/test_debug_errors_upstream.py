"""Mistakes whose cause lies upstream: in a function, a model or an expression above the line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from judging import speaks_of
from mistake_case import Mistake, check_mistake, diagnosed, mistakes

MISTAKES = mistakes(
    """
### KL124 embeddings
def embed(source, size):
    return layers.Flatten()(layers.Embedding(size, 4)(source))
sources = {n: keras.Input((1,), dtype="int32", name=n) for n in ("store", "promo")}
joined = layers.Concatenate()(embed(s, 9) for s in sources.values())  # cause: Concatenate
model = keras.Model(sources, layers.Dense(1)(joined))
### KL124 mapped
a, b = keras.Input((8,)), keras.Input((8,))
tower = layers.Dense(4)
total = layers.Add()(map(tower, [a, b]))  # cause: Add
### KL124 view
heads = {"left": keras.Input((8,)), "right": keras.Input((8,))}
class Net:
    def merged(self):
        return layers.average(heads.values())  # cause: Average
y = Net().merged()
### KL124 view-as-inputs
heads = {"left": keras.Input((8,)), "right": keras.Input((8,))}
y = layers.Multiply()(list(heads.values()))
model = keras.Model(inputs=heads.values(), outputs=y)  # cause: inputs
### KL124 outputs
x = keras.Input((8,))
parts = (layers.Dense(n)(x) for n in (1, 2))  # cause: Model
model = keras.Model(x, outputs=parts)
### KL124 set
a, b = keras.Input((8,)), keras.Input((8,))
y = layers.Maximum()({a, b})  # cause: Maximum
### KL124 filtered
a, b, skip = keras.Input((8,)), keras.Input((8,)), None
def join(kept):
    return layers.Concatenate()(kept)  # cause: Concatenate
y = join(filter(lambda t: t is not None, [a, skip, b]))
### KL124 yielded
x = keras.Input((16, 16, 3))
def pyramid(t):
    for size in (1, 2, 4):
        yield layers.Flatten()(layers.AveragePooling2D(16 // size)(t))
whole = layers.Concatenate()(pyramid(x))  # cause: Concatenate
### KL124 operation
parts = [keras.Input((4,)) for _ in range(3)]
y = ops.concatenate((layers.Dense(2)(p) for p in parts), axis=-1)  # cause: ops.concatenate
### KL124 turned
a, b = keras.Input((3,)), keras.Input((4,))
ab = [a, b]
y = layers.Concatenate()(reversed(ab))  # cause: Concatenate
### KL608 stacked
def gait(steps, units):
    walk = keras.Input((steps, 6))
    storeys = [layers.LSTM(n) for n in units]  # cause: LSTM
    return layers.RNN(storeys, name="memory")(walk)
y = gait(50, (24, 12))
### KL608 one
x = keras.Input((10, 3))
y = layers.RNN(layers.GRU(8), return_sequences=True)(x)  # cause: GRU
### KL608 sequences
x = keras.Input((10, 3))
cells = []
for n in (8, 4):
    cells.append(layers.GRU(n, return_sequences=True))  # cause: GRU
both = layers.StackedRNNCells(cells)
y = layers.RNN(both)(x)
### KL608 both-ways
x = keras.Input((10, 3))
inner = layers.RNN([layers.SimpleRNN(8, activation="relu")])  # cause: SimpleRNN
y = layers.Bidirectional(inner)(x)
### KL608 mixed
class Reader:
    def __init__(self):
        self.rnn = layers.RNN([layers.LSTMCell(8), layers.LSTM(units=8)])  # cause: LSTM
    def read(self, x):
        first = layers.LSTM(5, return_sequences=True)(x)
        return self.rnn(first)
y = Reader().read(keras.Input((10, 3)))
### KL309 joined
def scope(*parts):
    return "/".join(str(part) for part in parts)
def unit(x, index):
    x = layers.Conv1D(8, 3, name=scope("unit", index, "conv"))(x)  # cause: unit/0/conv
    return layers.BatchNormalization(name=scope("unit", index, "norm"))(x)
h = keras.Input((64, 3))
for i in range(2):
    h = unit(h, i)
### KL309 formatted
x = keras.Input((8,))
for i in range(2):
    x = layers.Dense(8, name=f"block{i}/dense")(x)  # cause: block0/dense
    x = layers.ReLU(name=f"block{i}/relu")(x)
### KL309 added
def tower(x, prefix):
    where = prefix + "/"
    x = layers.Dense(4, name=where + "first")(x)  # cause: user/first
    return layers.Dense(4, name=where + "second")(x)
y = tower(keras.Input((8,)), "user")
### KL309 given
def tower(x, name):
    return layers.Dense(4, name=name)(x)  # cause: user/vec
y = tower(keras.Input((8,)), "user/vec")
### KL309 of-a-class
class Tower:
    prefix = "item/tower"
    def layer(self, x):
        x = layers.Dense(4, name="%s_%d" % (self.prefix, 1))(x)  # cause: item/tower_1
        return layers.Dense(4, name="%s_%d" % (self.prefix, 2))(x)
y = Tower().layer(keras.Input((8,)))
### KL404 old
a, b = keras.Input((8,)), keras.Input((4,))
c = layers.Concatenate()([a, b])
y, z = layers.Dense(1)(c), layers.Dense(2)(c)
model = keras.Model(input=[a, b], output=[y, z])  # cause: outputs
### KL404 half
def build():
    x = keras.Input((8,))
    y = layers.Dense(1)(x)
    return keras.models.Model(x, output=y, name="half")  # cause: outputs
model = build()
### KL404 short
x = keras.Input((8,))
y = layers.Dense(1)(x)
model = keras.Model(ins=x, outs=y)  # cause: inputs
### KL101 by-name
photo = keras.Input((32, 32, 3))
t = layers.Conv2D(8, 3, name="conv_a")(photo)
t = layers.GlobalAveragePooling2D(name="features")(t)
trained = keras.Model(photo, layers.Dense(10)(t))
def tap(model, name):
    tapped = model.get_layer(name)
    return keras.Model(model.input, tapped)  # cause: features
half = tap(trained, "features")
### KL101 by-place
x = keras.Input((8,))
h = layers.Dense(4, name="code")(x)
net = keras.Model(x, layers.Dense(8)(h))
encoder = keras.Model(inputs=net.input, outputs=net.layers[-2])  # cause: code
### KL101 in-a-list
x = keras.Input((32, 32, 3))
h = layers.Conv2D(4, 3, name="low")(x)
h = layers.Conv2D(8, 3, name="high")(h)
net = keras.Model(x, h)
taps = keras.Model(net.input, [net.get_layer(n) for n in ("low", "high")])  # cause: low
### KL101 merged-again
x = keras.Input((8,))
h = layers.Dense(4, name="code")(x)
net = keras.Model(x, h)
code = net.get_layer("code")
y = layers.Dense(2)(code)  # cause: code
### KL506 application
def build():
    base = keras.applications.MobileNet(  # cause: pooling
        input_shape=(32, 32, 3), alpha=0.25, include_top=False, weights=None, pooling="avg"
    )
    inputs = keras.Input((32, 32, 3))
    x = base(inputs, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dropout(0.2)(x))
model = build()
### KL506 nested
def encoder():
    a = keras.Input((32, 32, 3))
    h = layers.Conv2D(8, 3)(a)
    h = layers.GlobalMaxPooling2D(name="squeeze")(h)  # cause: squeeze
    return keras.Model(a, h, name="enc")
enc = encoder()
x = keras.Input((32, 32, 3))
h = layers.Dropout(0.1)(enc(x))
y = layers.GlobalAveragePooling2D()(h)
### KL506 sequential
seq = keras.Sequential([layers.Conv1D(8, 3), layers.Flatten(name="row")])  # cause: row
x = keras.Input((20, 3))
y = layers.GlobalMaxPooling1D()(seq(x))
### KL506 twice
x = keras.Input((16, 16, 3))
h = layers.GlobalAveragePooling2D(name="first")(x)  # cause: averages
h = layers.Dense(12)(h)
y = layers.GlobalMaxPooling2D()(h)
### KL506 after-flatten
class Head:
    def __call__(self, x):
        x = layers.Flatten(name="flat")(x)  # cause: flat
        return layers.GlobalAveragePooling2D()(x)
y = Head()(keras.Input((4, 4, 2)))
### KL105 in-a-loop
def encoder_stage(x, filters):
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(x)  # cause: encoder_stage
leaf = keras.Input((48, 48, 3))
feat = layers.Conv2D(8, 5)(leaf)
for i, w in enumerate([8, 16]):
    feat = encoder_stage(feat, w)
feat = layers.GlobalAveragePooling2D()(feat)
model = keras.Model(leaf, feat)
### KL105 handed-on
def stem(x):
    h = layers.Dense(8)(x)  # cause: stem
def head(t):
    t = layers.Dense(4)(t)
    return layers.Dense(1)(t)
x = keras.Input((8,))
y = head(stem(x))
### KL105 method
class Net:
    def narrow(self, x, n):
        if n > 4:
            x = layers.Dense(n)(x)
        x = layers.Dense(n // 2)(x)  # cause: narrow
    def build(self, x):
        x = self.narrow(x, 8)
        return layers.Dense(1)(x)
y = Net().build(keras.Input((8,)))
### KL105 sometimes
def maybe(x, deep):
    if deep:
        return layers.Dense(8)(x)
    x = layers.ReLU()(x)  # cause: maybe
x = keras.Input((8,))
h = maybe(x, False)
y = layers.Add()([x, h])
### KL105 of-a-list
def branch(x, n):
    out = layers.Dense(n)(x)  # cause: branch
x = keras.Input((8,))
parts = [branch(x, n) for n in (4, 4)]
y = layers.Concatenate()(parts)
### KL105 appended
def branch(x, n):
    out = layers.Dense(n)(x)  # cause: branch
x = keras.Input((8,))
parts = []
for n in (4, 5):
    parts.append(branch(x, n))
y = layers.concatenate(parts)
### KL105 one-line
def block(x): x = layers.Dense(8)(x)  # cause: block
h = keras.Input((8,))
for _ in range(2):
    h = block(h)
y = layers.Dense(2)(h)
### KL105 shape
def stage(x):
    x = layers.Conv2D(4, 3)(x)  # cause: stage
x = stage(keras.Input((8, 8, 3)))
width = x.shape[-1]
y = layers.Dense(width)(x)
### KL105 sum
def side(x):
    x = layers.Dense(8)(x)  # cause: side
a = keras.Input((8,))
y = side(a) + side(a)
### KL105 unpacked
def both(x):
    pair = layers.LSTM(4, return_state=True)(x)  # cause: both
h, s, c = both(keras.Input((5, 3)))
### KL105 through-another
def inner(x):
    x = layers.Dense(4)(x)  # cause: inner
def outer(x):
    return inner(x)
y = layers.Dense(1)(outer(keras.Input((3,))))
### KL205 pool-branch
def inception(x):
    one = layers.Conv2D(4, 1, padding="same")(x)
    three = layers.Conv2D(4, 3, padding="same")(x)
    pool = layers.MaxPooling2D((3, 3), padding="same", name="pool")(x)  # cause: pool
    pool = layers.Conv2D(4, 1)(pool)
    return layers.concatenate([one, three, pool], axis=-1)
y = inception(keras.Input((28, 28, 1)))
### KL205 pool-of-steps
x = keras.Input((20, 4))
a = layers.Conv1D(8, 3, padding="same")(x)
b = layers.AveragePooling1D(2, name="smooth")(x)  # cause: smooth
y = layers.Concatenate()([a, layers.Conv1D(8, 1)(b)])
### KL205 two-pools
class Cell:
    def __call__(self, x):
        parts = [layers.Conv2D(4, 1)(x)]
        parts.append(layers.MaxPool2D(2, padding="same", name="most")(x))  # cause: most
        parts.append(layers.AvgPool2D(2, padding="same")(x))
        return layers.Concatenate()(parts)
y = Cell()(keras.Input((16, 16, 4)))
### KL205 heads
x = keras.Input((64, 64, 3))
c1 = layers.Conv2D(8, 3, strides=2, padding="same")(x)
c2 = layers.Conv2D(8, 3, strides=2, padding="same", name="lower")(c1)  # cause: lower
heads = []
for level, c in enumerate((c1, c2)):
    box = layers.Conv2D(12, 3, padding="same", name=f"box_{level}")(c)
    heads.append(box)
boxes = layers.Concatenate(axis=1)(heads)
model = keras.Model(x, boxes)
### KL205 heads-written-out
x = keras.Input((32, 32, 3))
low = layers.Conv2D(6, 3, padding="same")(x)
high = layers.Conv2D(6, 3, strides=4, padding="same", name="high")(x)  # cause: high
boxes = layers.concatenate([low, high], axis=1)
### KL205 heads-of-a-dict
def fpn(maps):
    heads = {k: layers.Conv2D(4, 1)(m) for k, m in maps.items()}
    return layers.Concatenate(axis=1)(list(heads.values()))
x = keras.Input((32, 32, 3))
half = layers.MaxPooling2D(name="half")(x)  # cause: half
y = fpn({"p1": x, "p2": half})
### KL109 no-keras
del keras
h = layers.Input((8, 4))
def excite(t):
    w = layers.GlobalAveragePooling1D()(t)
    w = np.expand_dims(w, axis=1)  # cause: np.expand_dims
    return layers.Multiply()([t, w])
y = excite(h)
### KL207 towers
def tower(ids, label, dim=16):
    vec = layers.Flatten()(layers.Embedding(50, 24, name=f"{label}_table")(ids))
    vec = layers.Dense(dim, name=f"{label}_vec")(vec)
    return layers.UnitNormalization(name=f"{label}_unit")(vec)
u = tower(keras.Input((1,), dtype="int32"), "user", dim=32)
v = tower(keras.Input((1,), dtype="int32"), "item")
similar = layers.Dot(axes=1)([u, v])  # cause: item_vec
### KL207 in-a-helper
def similar(u, v):
    return layers.dot([u, v], axes=-1)  # cause: left_vec
left = layers.Dense(8, name="left_vec")(keras.Input((5,)))
right = layers.Dense(4, name="right_vec")(keras.Input((5,)))
y = similar(left, layers.LayerNormalization()(right))
### KL207 of-inputs
class Match:
    def __call__(self, a, b):
        return layers.Dot(axes=(1, 1))([a, b])  # cause: doc
y = Match()(keras.Input((6,), name="query"), keras.Input((3,), name="doc"))
### KL206 in-a-helper
def join(u, v):
    return layers.Add()([u, v])
x = keras.Input((5,))
left = layers.Dense(8, name="wide")(x)
right = layers.Dense(4, name="narrow")(x)  # cause: narrow
y = join(left, layers.Dropout(0.1)(right))
### KL205 in-a-helper
def join(u, v):
    return layers.Concatenate()([u, v])
x = keras.Input((32, 32, 3))
left = layers.Conv2D(8, 3, padding="same", name="whole")(x)
right = layers.MaxPooling2D(name="halved")(left)  # cause: whole
y = join(left, layers.ReLU()(right))
"""
)


def marked(source: str) -> str:
    """The word that a finding must have, as the source says it."""
    found = re.search(r"# cause: (.+)$", source, re.MULTILINE)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize("mistake", MISTAKES, ids=[each.id for each in MISTAKES])
def test_the_cause_is_named_and_mended(mistake: Mistake, tmp_path: Path) -> None:
    finding = check_mistake(mistake, tmp_path)
    assert speaks_of(finding, marked(mistake.source)), finding


LEFT_ALONE = mistakes(
    """
### KL124 one-tensor
x = keras.Input((8,))
y = layers.Dense(4)(t for t in [x])
### KL124 begun-already
parts = (layers.Dense(4)(keras.Input((3,))) for _ in range(3))
first = next(parts)
y = layers.Concatenate()(parts)
### KL124 pairs
a, b = keras.Input((3,)), keras.Input((3,))
y = layers.Add()(zip([a], [b]))
### KL608 cells
x = keras.Input((None, None))
y = layers.RNN(layers.LSTMCell(8))(x)
### KL205 strides-as-written
x = keras.Input((16, 16, 4))
a = layers.Conv2D(4, 3, padding="same")(x)
b = layers.MaxPooling2D(2, strides=4, padding="same", name="kept")(x)
y = layers.Concatenate(axis=2)([a, layers.Conv2D(4, 1)(b)])
"""
)


@pytest.mark.parametrize("other", LEFT_ALONE, ids=[each.id for each in LEFT_ALONE])
def test_no_change_is_offered_that_may_not_work(other: Mistake, tmp_path: Path) -> None:
    finding, error = diagnosed(other.source, tmp_path / "person.py")
    assert error is not None
    fixes = finding.fixes if finding is not None and finding.code == other.code else ()
    assert not [fix for fix in fixes if "list" in fix.title or "positions" in fix.title], finding


OTHER_NOTHINGS = mistakes(
    """
### KL105 of-a-dict
def stage(x):
    x = layers.Dense(4)(x)
x = {}.get("start")
for _ in range(2):
    h = layers.Dense(3)(x)
    x = stage(h)
### KL105 from-the-start
def stage(x):
    x = layers.Dense(4)(x)
x = None
for _ in range(2):
    h = layers.Dense(3)(x)
    x = stage(h)
### KL105 one-of-two
def stage(x):
    return layers.Dense(4)(x)
def given(x=None):
    return layers.Dense(2)(x)
y = given()
### KL105 written-as-none
def stage(x):
    return None
y = layers.Dense(3)(stage(keras.Input((4,))))
"""
)


@pytest.mark.parametrize("other", OTHER_NOTHINGS, ids=[each.id for each in OTHER_NOTHINGS])
def test_no_function_is_blamed_for_a_none_of_another_kind(other: Mistake, tmp_path: Path) -> None:
    finding, error = diagnosed(other.source, tmp_path / "person.py")
    assert error is not None
    assert finding is None or not speaks_of(finding, "without return"), finding


def test_a_none_that_has_nothing_to_do_with_layers_is_left_alone(tmp_path: Path) -> None:
    source = """\
import keras
import numpy as np

def load():
    table = np.zeros((3, 2))
table = load()
print(table.shape)
"""
    finding, error = diagnosed(source, tmp_path / "person.py")
    assert error is not None
    assert finding is None


def test_a_function_of_another_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "parts_of_it.py").write_text(
        "from keras import layers\n\ndef stem(x):\n    x = layers.Dense(4)(x)\n", encoding="utf-8"
    )
    source = f"""\
import runpy

import keras
from keras import layers
stem = runpy.run_path({str(tmp_path / "parts_of_it.py")!r})["stem"]
y = layers.Dense(2)(stem(keras.Input((3,))))
"""
    finding, error = diagnosed(source, tmp_path / "person.py")
    assert error is not None
    assert finding is not None
    assert "stem() ends without return" in finding.message
    assert finding.fixes == ()


def test_a_model_with_its_own_top_is_said_to_have_one(tmp_path: Path) -> None:
    source = """\
import keras
from keras import layers

base = keras.applications.MobileNet(input_shape=(32, 32, 3), alpha=0.25, weights=None)
x = keras.Input((32, 32, 3))
y = layers.GlobalAveragePooling2D()(base(x))
"""
    finding, error = diagnosed(source, tmp_path / "person.py")
    assert error is not None
    assert finding is not None
    assert finding.cause is not None
    assert "include_top=False" in finding.cause.sentence


def test_what_is_not_imported_is_imported_by_the_change(tmp_path: Path) -> None:
    source = """\
import numpy as np
from keras import Input, layers

x = Input((8,))
y = layers.Dense(4)(np.log(x))
"""
    finding, error = diagnosed(source, tmp_path / "person.py")
    assert error is not None
    assert finding is not None
    mended = finding.fixes[0].apply(source)
    assert mended.startswith("import keras\n")
    assert diagnosed(mended, tmp_path / "mended.py") == (None, None)
