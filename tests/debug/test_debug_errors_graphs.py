"""Models whose ends do not belong together, and chains that are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistake_case import START, Mistake, check_mistake, diagnosed, mistakes

MISTAKES = mistakes(
    """
### KL401 missing-input
a = keras.Input((8,), name="a"); b = keras.Input((8,), name="b")
out = layers.Add()([layers.Dense(4)(a), layers.Dense(4)(b)])
model = keras.Model(a, out)  # cause
### KL401 missing-third
def net():
    a = keras.Input((8,)); b = keras.Input((4,)); c = keras.Input((2,))
    x = layers.Concatenate()([a, b, c])
    return keras.Model(inputs=[a, b], outputs=layers.Dense(1)(x))  # cause
m = net()
### KL401 dict
a = keras.Input((8,), name="a"); b = keras.Input((8,), name="b")
out = layers.Add()([a, b])
model = keras.Model({"a": a}, {"out": out})  # cause
### KL402 remade
inp = keras.Input((8,))
x = layers.Dense(4)(inp)
inp = keras.Input((8,))  # cause
model = keras.Model(inp, x)
### KL402 other
a = keras.Input((8,)); b = keras.Input((8,))
x = layers.Dense(4)(a)
y = layers.Dense(4)(x)
model = keras.Model(inputs=b, outputs=y)  # cause
### KL402 inline-input
x = layers.Dense(4)(keras.Input((8,)))  # cause
model = keras.Model(keras.Input((8,)), x)
### KL402 loop
ys = []
for i in range(2):
    inp = keras.Input((8,))  # cause
    ys.append(layers.Dense(2)(inp))
model = keras.Model(inp, ys)
### KL402 function-makes
def branch():
    i = keras.Input((8,))  # cause
    return layers.Dense(3)(i)
inp = keras.Input((8,))
model = keras.Model(inp, branch())
### KL403 base
image = keras.Input((32, 32, 3))
base = keras.Model(image, layers.Conv2D(8, 3)(image))
inp = keras.Input((32, 32, 3))
x = layers.GlobalAveragePooling2D()(base.output)  # cause
model = keras.Model(inp, layers.Dense(2)(x))
### KL403 two-bases
i = keras.Input((8,), name="left"); left = keras.Model(i, layers.Dense(3)(i))
j = keras.Input((8,), name="right"); right = keras.Model(j, layers.Dense(3)(j))
both = layers.Concatenate()([left.output, right.output])  # cause
model = keras.Model(left.input, layers.Dense(1)(both))
### KL411 seq-base
base = keras.Sequential([keras.Input((8,)), layers.Dense(3)])
inp = keras.Input((8,))
model = keras.Model(inputs=inp, outputs=layers.Dense(1)(base.output))  # cause
### KL404 no-outputs
inp = keras.Input((8,))
y = layers.Dense(3)(inp)
model = keras.Model(inp)  # cause
### KL404 no-outputs-kw
inp = keras.Input((8,))
y = layers.Dense(3)(inp)
model = keras.Model(inputs=inp)  # cause
### KL404 only-tensor
inp = keras.Input((8,))
y = layers.Dense(3)(inp)
model = keras.Model(y)  # cause
### KL404 wrong-kw
inp = keras.Input((8,))
y = layers.Dense(3)(inp)
model = keras.Model(input=inp, output=y)  # cause
### KL404 wrong-kw-2
inp = keras.Input((8,))
y = layers.Dense(3)(inp)
model = keras.Model(inputs=inp, output=y)  # cause
### KL404 outputs-only
inp = keras.Input((8,))
y = layers.Dense(3)(inp)
model = keras.Model(outputs=y)  # cause
### KL405 loop
inp = keras.Input((8,)); x = inp
for i in range(2):
    x = layers.Dense(8, name="fc")(x)  # cause
model = keras.Model(inp, x)
### KL405 function
def block(t):
    return layers.Conv2D(4, 3, padding="same", name="conv")(t)  # cause
inp = keras.Input((8, 8, 3))
model = keras.Model(inp, block(block(inp)))
### KL405 two-lines
inp = keras.Input((8,))
x = layers.Dense(4, name="fc")(inp)
x = layers.Dense(4, name="fc")(x)  # cause
model = keras.Model(inp, x)
### KL405 inputs
a = keras.Input((8,), name="x"); b = keras.Input((8,), name="x")  # cause
model = keras.Model([a, b], layers.Add()([a, b]))
### KL405 nested
def enc():
    i = keras.Input((8,))
    return keras.Model(i, layers.Dense(3)(i), name="encoder")  # cause
inp = keras.Input((8,))
model = keras.Model(inp, layers.Add()([enc()(inp), enc()(inp)]))
### KL405 sequential
m = keras.Sequential([layers.Dense(3, name="d"), layers.Dense(3, name="d")])  # cause
### KL405 seq-add
model = keras.Sequential()
model.add(layers.Dense(3, name="d"))
model.add(layers.Dense(3, name="d"))  # cause
### KL405 dict-names
inp = keras.Input((8,), name="a")
x = layers.Dense(3, name="a")(inp)  # cause
model = keras.Model(inp, x)
### KL101 layer-list
inp = keras.Input((8,))
h = layers.Dense(3)(inp)
model = keras.Model(inp, [h, layers.Dense(1)])  # cause
### KL105 none
inp = keras.Input((8,))
model = keras.Model(inp, None)  # cause
### KL101 model-out
i = keras.Input((8,))
enc = keras.Model(i, layers.Dense(3)(i))
model = keras.Model(i, enc)  # cause
### KL406 empty
inp = keras.Input((8,))
model = keras.Model(inp, [])  # cause
### KL106 function
inp = keras.Input((8,))
def head(x):
    return layers.Dense(3)(x)
model = keras.Model(inp, head)  # cause
### KL106 names
inp = keras.Input((8,))
y = layers.Dense(3, name="out")(inp)
model = keras.Model(inp, ["out"])  # cause
### KL101 layer-in
i = layers.InputLayer(shape=(8,))
y = layers.Dense(3)(i.output)
model = keras.Model(i, y)  # cause
### KL407 swapped
inp = keras.Input((8,))
y = layers.Dense(3)(inp)
model = keras.Model(y, inp)  # cause
### KL407 intermediate
inp = keras.Input((8,))
x = layers.Dense(4)(inp)
y = layers.Dense(2)(inp)
model = keras.Model(x, y)  # cause
### KL407 intermediate-2
inp = keras.Input((8,)); other = keras.Input((8,))
x = layers.Dense(4)(inp)
y = layers.Add()([x, layers.Dense(4)(other)])
model = keras.Model(x, y)  # cause
### KL407 sublist
inp = keras.Input((8,))
x = layers.Dense(4)(inp)
y = layers.Concatenate()([inp, x])
model = keras.Model(x, y)  # cause
### KL106 shape
inp = keras.Input((8,))
x = layers.Dense(4)(inp)
model = keras.Model((8,), x)  # cause
### KL101 inputs-layer
inp = keras.Input((8,))
d = layers.Dense(4)
y = d(inp)
model = keras.Model(d, y)  # cause
### KL408 seq-merge
model = keras.Sequential([keras.Input((8,)), layers.Dense(3), layers.Concatenate()])  # cause
### KL408 seq-two-inputs
model = keras.Sequential([keras.Input((8,)), keras.Input((4,)), layers.Dense(3)])  # cause
### KL408 seq-mha
model = keras.Sequential([keras.Input((8, 4)), layers.MultiHeadAttention(2, 4)])  # cause
### KL408 seq-state
m = keras.Sequential(
    [keras.Input((8, 4)), layers.LSTM(4, return_state=True), layers.Dense(1)]  # cause
)
### KL409 add-tensor
inp = keras.Input((8,))
model = keras.Sequential()
model.add(layers.Dense(3)(inp))  # cause
### KL409 list-tensor
inp = keras.Input((8,))
x = layers.Dense(3)(inp)
model = keras.Sequential([inp, x])  # cause
### KL409 nested-list
model = keras.Sequential([[layers.Dense(3), layers.Dense(2)]])  # cause
### KL409 args
model = keras.Sequential(layers.Dense(3), layers.Dense(2))  # cause
### KL409 one-layer
model = keras.Sequential(layers.Dense(3))  # cause
### KL409 function
model = keras.Sequential([keras.Input((8,)), ops.relu, layers.Dense(2)])  # cause
### KL409 string
model = keras.Sequential([keras.Input((8,)), layers.Dense(3), "relu"])  # cause
### KL409 shape
model = keras.Sequential([(28, 28, 1), layers.Flatten()])  # cause
### KL117 kwargs
model = keras.Sequential([layers.Dense(3, input_dims=8)])  # cause
### KL413 functional-add
inp = keras.Input((8,))
m = keras.Model(inp, layers.Dense(3)(inp))
m.add(layers.Dense(2))  # cause
### KL413 pop
inp = keras.Input((8,))
m = keras.Model(inp, layers.Dense(3)(inp))
m.pop()  # cause
### KL410 get-layer
inp = keras.Input((8,))
m = keras.Model(inp, layers.Dense(3, name="features")(inp))
x = m.get_layer("feature").output  # cause
### KL410 get-layer-index
inp = keras.Input((8,))
m = keras.Model(inp, layers.Dense(3, name="features")(inp))
x = m.get_layer(index=7).output  # cause
### KL410 get-layer-none
inp = keras.Input((8,))
m = keras.Model(inp, layers.Dense(3, name="features")(inp))
x = m.get_layer().output  # cause
### KL410 layers-call
inp = keras.Input((8,))
m = keras.Model(inp, layers.Dense(3, name="features")(inp))
x = m.layers("features")  # cause
### KL410 layers-str
inp = keras.Input((8,))
m = keras.Model(inp, layers.Dense(3, name="features")(inp))
x = m.layers["features"].output  # cause
### KL410 layers-index
inp = keras.Input((8,))
m = keras.Model(inp, layers.Dense(3, name="features")(inp))
x = m.layers[5].output  # cause
### KL410 get-layer-pos
inp = keras.Input((8,))
m = keras.Model(inp, layers.Dense(3, name="features")(inp))
x = m.get_layer(1).output  # cause
### KL411 seq-output
m = keras.Sequential([layers.Dense(3)])  # cause
x = layers.Dense(1)(m.output)
### KL411 seq-input
m = keras.Sequential([layers.Dense(3), layers.Dense(2)])  # cause
model = keras.Model(m.input, m.layers[0].output)
### KL411 layer-output
d = layers.Dense(3)
inp = keras.Input((8,))
y = layers.Dense(1)(d.output)  # cause
### KL412 model-two-inputs
a = keras.Input((8,)); b = keras.Input((8,))
m = keras.Model([a, b], layers.Add()([a, b]))
c = keras.Input((8,))
y = m(c)  # cause
### KL412 model-two-args
a = keras.Input((8,)); b = keras.Input((8,))
m = keras.Model([a, b], layers.Add()([a, b]))
c = keras.Input((8,)); d = keras.Input((8,))
y = m(c, d)  # cause
### KL412 model-shape
a = keras.Input((8,))
m = keras.Model(a, layers.Dense(3)(a))
c = keras.Input((9,))
y = m(c)  # cause
### KL412 model-dict
a = keras.Input((8,), name="a"); b = keras.Input((8,), name="b")
m = keras.Model({"a": a, "b": b}, layers.Add()([a, b]))
c = keras.Input((8,))
y = m({"a": c, "c": c})  # cause
### KL412 model-three
a = keras.Input((8,)); b = keras.Input((8,))
m = keras.Model([a, b], layers.Add()([a, b]))
c = keras.Input((8,))
y = m([c, c, c])  # cause
### KL412 one-gets-list
a = keras.Input((8,))
m = keras.Model(a, layers.Dense(3)(a))
c = keras.Input((8,))
y = m([c, c])  # cause
### KL412 seq-list
m = keras.Sequential([keras.Input((8,)), layers.Dense(3)])
c = keras.Input((8,))
y = m([c, c])  # cause
### KL101 self
a = keras.Input((8,))
m = keras.Model(a, layers.Dense(8)(a))
m2 = keras.Model(a, m(m))  # cause
### KL412 rank
a = keras.Input((28, 28, 1))
m = keras.Model(a, layers.Conv2D(3, 3)(a))
c = keras.Input((28,))
y = m(c)  # cause
"""
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.id)
def test_mistake(mistake: Mistake, tmp_path: Path) -> None:
    check_mistake(mistake, tmp_path)


def test_the_missing_input_is_named(tmp_path: Path) -> None:
    finding, _ = diagnosed(
        START + "left = keras.Input((8,))\nright = keras.Input((8,))\n"
        "keras.Model(left, layers.Add()([left, right]))",
        tmp_path / "person.py",
    )
    assert finding is not None
    assert "right" in finding.message
    assert "[left, right]" in finding.fixes[0].code


def test_a_model_of_two_names_keeps_its_other_names(tmp_path: Path) -> None:
    finding, _ = diagnosed(
        START + "x = keras.Input((8,))\ny = layers.Dense(8, name='one')(x)\n"
        "z = layers.Dense(8, name='one')(y)\nkeras.Model(x, z)",
        tmp_path / "person.py",
    )
    assert finding is not None
    assert "name='one_2'" in finding.fixes[0].code
