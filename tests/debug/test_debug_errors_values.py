"""Values where tensors belong, and settings where others belong."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistake_case import START, Mistake, check_mistake, diagnosed, mistakes

MISTAKES = mistakes(
    """
### KL101 layer-dense
inp = keras.Input((8,))
hidden = layers.Dense(32)  # cause
out = layers.Dense(1)(hidden)
### KL101 in-merge
img = keras.Input((8,))
left = layers.Dense(16)(img)
right = layers.Dense(16, activation="relu")  # cause
both = layers.Add()([left, right])
### KL101 model-output
inp = keras.Input((8,))
x = layers.Dense(4)(inp)
head = layers.Dense(1)  # cause
model = keras.Model(inputs=inp, outputs=head)
### KL101 ops
inp = keras.Input((8,))
h = layers.Dense(4)  # cause
y = ops.relu(h)
### KL101 in-function
def block(x):
    x = layers.Conv2D(8, 3)  # cause
    return layers.BatchNormalization()(x)
inp = keras.Input((28, 28, 1))
y = block(inp)
### KL101 whole-model
base = keras.Sequential([keras.Input((8,)), layers.Dense(4)])
inp = keras.Input((8,))
y = layers.Dense(1)(base)  # cause
### KL101 inline-in-list
a = keras.Input((8,))
y = layers.Concatenate()([a, layers.Dense(4)])  # cause
### KL101 attribute
inp = keras.Input((8,))
h = layers.Dense(4)  # cause
print(h.shape)
### KL101 functional-model
i = keras.Input((8,))
enc = keras.Model(i, layers.Dense(4)(i))
inp = keras.Input((8,))
y = layers.Dense(1)(enc)  # cause
### KL101 chain-of-layers
x = keras.Input((28, 28, 1))
y = layers.Conv2D(8, 3)(x)
y = layers.MaxPooling2D()  # cause
y = layers.Flatten()(y)
y = layers.Dense(10)(y)
### KL103 class-called
inp = keras.Input((8, 8, 3))
x = layers.Flatten  # cause
y = layers.Dense(3)(x)
### KL103 class-in-sequential
model = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten, layers.Dense(3)])  # cause
### KL103 class-arg
inp = keras.Input((8, 8, 3))
y = layers.Dense(3)(layers.Flatten)  # cause
### KL103 class-model
inp = keras.Input((8, 8, 3))
y = keras.Model(inp, layers.Flatten)  # cause
### KL103 class-add
model = keras.Sequential()
model.add(keras.Input((8, 8, 3)))
model.add(layers.Flatten)  # cause
### KL104 list-two
a = keras.Input((8,)); b = keras.Input((4,))
y = layers.Dense(3)([a, b])  # cause
### KL104 list-one
a = keras.Input((8, 8, 3))
y = layers.Conv2D(3, 3)([a])  # cause
### KL104 two-args
a = keras.Input((8,)); b = keras.Input((4,))
y = layers.Dense(3)(a, b)  # cause
### KL104 list-var
a = keras.Input((8,)); b = keras.Input((8,))
parts = [layers.Dense(4)(a), layers.Dense(4)(b)]
y = layers.Dense(3)(parts)  # cause
### KL104 list-flatten
a = keras.Input((8, 8)); b = keras.Input((8, 8))
y = layers.Flatten()([a, b])  # cause
### KL104 list-pool
a = keras.Input((8, 8, 3)); b = keras.Input((8, 8, 3))
y = layers.GlobalAveragePooling2D()([a, b])  # cause
### KL104 list-lstm
a = keras.Input((8, 8)); b = keras.Input((8, 8))
y = layers.LSTM(4)([a, b])  # cause
### KL104 list-bn
a = keras.Input((8, 8)); b = keras.Input((8, 8))
y = layers.BatchNormalization()([a, b])  # cause
### KL104 list-embedding
a = keras.Input((8,), dtype="int32"); b = keras.Input((8,), dtype="int32")
y = layers.Embedding(10, 4)([a, b])  # cause
### KL105 forgot-return
def block(x):
    x = layers.Dense(8)(x)
    x = layers.ReLU()(x)  # cause
inp = keras.Input((8,))
h = block(inp)
y = layers.Dense(3)(h)
### KL105 forgot-return-merge
def branch(t, units):
    out = layers.Dense(units)(t)  # cause
a = keras.Input((8,)); b = keras.Input((8,))
y = layers.Concatenate()([branch(a, 4), branch(b, 4)])
### KL105 forgot-return-model
def net(t):
    h = layers.Dense(4)(t)
    layers.Dense(1)(h)  # cause
a = keras.Input((8,))
model = keras.Model(a, net(a))
### KL105 append
a = keras.Input((8,))
parts = []
parts = parts.append(layers.Dense(3)(a))  # cause
y = layers.Dense(1)(parts)
### KL105 none
a = keras.Input((8,))
x = None  # cause
y = layers.Dense(1)(x)
### KL105 class-method
class Block:
    def __init__(self, units):
        self.dense = layers.Dense(units)
    def __call__(self, x):
        y = self.dense(x)  # cause
a = keras.Input((8,))
y = Block(4)(a)
z = layers.Dense(1)(y)
### KL105 inputs-none
def make():
    a = keras.Input((8,))  # cause
x = make()
y = layers.Dense(1)(x)
### KL106 string
a = keras.Input((8,))
y = layers.Dense(3)("a")  # cause
### KL106 shape-tuple
y = layers.Dense(3)((28, 28))  # cause
### KL106 shape-of
a = keras.Input((8,))
y = layers.Dense(3)(a.shape)  # cause
### KL106 shape-conv
x = layers.Conv2D(8, 3)((28, 28, 1))  # cause
### KL106 string-merge
a = keras.Input((8,), name="a"); b = keras.Input((8,), name="b")
y = layers.Add()(["a", "b"])  # cause
### KL106 model-out-string
a = keras.Input((8,), name="a")
y = layers.Dense(2, name="out")(a)
model = keras.Model("a", "out")  # cause
### KL115 lstm-state
a = keras.Input((8, 3))
x = layers.LSTM(4, return_state=True)(a)  # cause
y = layers.Dense(2)(x)
### KL115 gru-state
a = keras.Input((8, 3))
out = layers.GRU(4, return_sequences=True, return_state=True)(a)  # cause
y = layers.Conv1D(2, 3)(out)
### KL115 mha
a = keras.Input((8, 3))
x = layers.MultiHeadAttention(2, 4)(a, a, return_attention_scores=True)  # cause
y = layers.Dense(2)(x)
### KL115 mha-add
a = keras.Input((8, 3))
x = layers.MultiHeadAttention(2, 4)(a, a, return_attention_scores=True)  # cause
y = layers.Add()([a, x])
### KL115 mha-plus
a = keras.Input((8, 3))
x = layers.MultiHeadAttention(2, 4)(a, a, return_attention_scores=True)  # cause
y = a + x
### KL115 function-tuple
def enc(x):
    return layers.Dense(4)(x), layers.Dense(4)(x)
a = keras.Input((8,))
z = enc(a)  # cause
y = layers.Dense(2)(z)
### KL115 split
a = keras.Input((8, 4))
p = ops.split(a, 2, axis=-1)  # cause
y = layers.Dense(2)(p)
### KL115 model-two-outputs
i = keras.Input((8,))
enc = keras.Model(i, [layers.Dense(4)(i), layers.Dense(4)(i)])
a = keras.Input((8,))
z = enc(a)  # cause
y = layers.Dense(2)(z)
### KL115 bidir-state
a = keras.Input((8, 3))
x = layers.Bidirectional(layers.LSTM(4, return_state=True))(a)  # cause
y = layers.Dense(2)(x)
### KL116 call-tensor
a = keras.Input((8,))
x = layers.Dense(4)(a)  # cause
y = x(a)
### KL116 call-tensor-2
a = keras.Input((8,)); b = keras.Input((8,))
shared = layers.Dense(4)(a)  # cause
y = shared(b)
### KL116 call-inline
a = keras.Input((8,))
y = layers.Dense(4)(a)(a)  # cause
### KL116 call-output
i = keras.Input((8,))
base = keras.Model(i, layers.Dense(3)(i))
y = base.output(i)  # cause
### KL116 list-called
a = keras.Input((8,))
stack = [layers.Dense(3), layers.Dense(2)]
y = stack(a)  # cause
### KL611 mha-call
a = keras.Input((3, 4))
x = layers.MultiHeadAttention(2, 4)(a)  # cause
"""
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.id)
def test_mistake(mistake: Mistake, tmp_path: Path) -> None:
    check_mistake(mistake, tmp_path)


def test_what_no_rule_knows_is_left_alone(tmp_path: Path) -> None:
    for source in ("raise ValueError('my own')", "[][1]", "None.shape", "len(3)", "float('x')"):
        finding, error = diagnosed(START + source, tmp_path / "person.py")
        assert error is not None
        assert finding is None


def test_names_and_shapes_are_the_persons_own(tmp_path: Path) -> None:
    finding, _ = diagnosed(
        START + "image = keras.Input((4, 4, 3))\nflat = layers.Flatten\nlayers.Dense(2)(flat)",
        tmp_path / "person.py",
    )
    assert finding is not None
    assert "flat" in finding.message
    assert finding.fixes[0].result == "? × 2"
    assert "layers.Flatten()(image)" in finding.fixes[0].code
