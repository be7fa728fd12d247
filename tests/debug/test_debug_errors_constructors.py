"""Layers made of the wrong settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistake_case import Mistake, check_mistake, mistakes

MISTAKES = mistakes(
    """
### KL102 flatten
inp = keras.Input((4, 4, 1))
x = layers.Conv2D(4, 3)(inp)
x = layers.Flatten(x)  # cause
y = layers.Dense(3)(x)
### KL102 dense
inp = keras.Input((8,))
y = layers.Dense(inp)  # cause
z = layers.Dense(1)(y)
### KL102 dense-2
inp = keras.Input((8,))
y = layers.Dense(32, inp)  # cause
### KL102 activation
inp = keras.Input((8,))
y = layers.Activation(inp)  # cause
### KL102 dropout
inp = keras.Input((8,))
y = layers.Dropout(inp)  # cause
z = layers.Dense(1)(y)
### KL102 dropout-2
inp = keras.Input((8,))
y = layers.Dropout(0.5, inp)  # cause
z = layers.Dense(1)(y)
### KL102 concatenate
a = keras.Input((8,)); b = keras.Input((4,))
merged = layers.Concatenate([a, b])  # cause
out = layers.Dense(1)(merged)
### KL102 add
a = keras.Input((8,)); b = keras.Input((8,))
merged = layers.Add([a, b])  # cause
### KL102 bn
a = keras.Input((8,))
x = layers.BatchNormalization(a)  # cause
y = layers.Dense(2)(x)
### KL102 pool
a = keras.Input((8, 8, 3))
x = layers.MaxPooling2D((2, 2), a)  # cause
### KL102 pool-1
a = keras.Input((8, 8, 3))
x = layers.MaxPooling2D(a)  # cause
### KL102 conv
a = keras.Input((8, 8, 3))
x = layers.Conv2D(16, 3, a)  # cause
### KL102 conv-pad
a = keras.Input((8, 8, 3))
x = layers.Conv2D(16, 3, 1, a)  # cause
### KL102 gap
a = keras.Input((8, 8, 3))
x = layers.GlobalAveragePooling2D(a)  # cause
y = layers.Dense(3)(x)
### KL102 lstm
a = keras.Input((8, 3))
x = layers.LSTM(16, a)  # cause
### KL102 embedding
a = keras.Input((8,), dtype="int32")
x = layers.Embedding(100, 16, a)  # cause
### KL102 embedding-2
a = keras.Input((8,), dtype="int32")
x = layers.Embedding(a, 16)  # cause
### KL102 reshape
a = keras.Input((8,))
x = layers.Reshape((4, 2), a)  # cause
### KL102 reshape-1
a = keras.Input((8,))
x = layers.Reshape(a, (4, 2))  # cause
### KL102 relu
a = keras.Input((8,))
x = layers.ReLU(a)  # cause
y = layers.Dense(3)(x)
### KL102 softmax
a = keras.Input((8,))
x = layers.Softmax(a)  # cause
model = keras.Model(a, x)
### KL102 layernorm
a = keras.Input((8,))
x = layers.LayerNormalization(a)  # cause
y = layers.Dense(3)(x)
### KL102 repeat
a = keras.Input((8,))
x = layers.RepeatVector(a)  # cause
### KL102 upsampling
a = keras.Input((8, 8, 3))
x = layers.UpSampling2D(a)  # cause
### KL102 td
a = keras.Input((8, 3))
x = layers.TimeDistributed(layers.Dense(3), a)  # cause
### KL102 bidir
a = keras.Input((8, 3))
x = layers.Bidirectional(layers.LSTM(3), a)  # cause
### KL102 bidir-1
a = keras.Input((8, 3))
x = layers.Bidirectional(layers.LSTM(3)(a))  # cause
### KL102 lambda
a = keras.Input((8, 3))
x = layers.Lambda(lambda t: t * 2, a)  # cause
y = layers.Dense(3)(x)
### KL102 keyword
a = keras.Input((8,))
x = layers.Dense(3, inputs=a)  # cause
### KL102 dense-first
a = keras.Input((8,))
x = layers.Dense(a, 3)  # cause
### KL117 unit
a = keras.Input((8,))
x = layers.Dense(unit=3)(a)  # cause
### KL117 kernel
x = layers.Conv2D(filters=3, kernel=3)  # cause
### KL117 activations
x = layers.Dense(3, activations="relu")  # cause
### KL117 input-dim
x = layers.LSTM(3, return_sequence=True)  # cause
### KL117 pad
a = keras.Input((8, 8, 3))
x = layers.MaxPooling2D(pool=2)(a)  # cause
### KL117 stride
a = keras.Input((8, 8, 3))
x = layers.Conv2D(4, 3, stride=2)(a)  # cause
### KL117 rate
x = layers.Dropout(p=0.5)  # cause
### KL117 compile
m = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
m.compile(optimiser="adam", loss="mse")  # cause
### KL117 bn
x = layers.BatchNormalization(mode=0)  # cause
### KL117 mha
x = layers.MultiHeadAttention(heads=2, key_dim=4)  # cause
### KL118 call-kw
a = keras.Input((3,))
x = layers.Dense(3)(input=a)  # cause
### KL118 conv
x = layers.Conv2D(8)  # cause
### KL118 dense
x = layers.Dense()  # cause
### KL118 lstm
x = layers.LSTM()  # cause
### KL118 emb
x = layers.Embedding(100)  # cause
### KL118 mha
x = layers.MultiHeadAttention(num_heads=2)  # cause
### KL118 activation-empty
x = layers.Activation()  # cause
### KL118 call-nothing
a = keras.Input((3,))
x = layers.Dense(3)()  # cause
### KL120 unknown-activation
a = keras.Input((3,))
x = layers.Dense(3, activation="rellu")(a)  # cause
### KL120 padding
x = layers.Conv2D(3, 3, padding="Sames")  # cause
### KL120 units-float
a = keras.Input((3,))
x = layers.Dense(3.5)(a)  # cause
### KL120 units-str
x = layers.Dense("3")  # cause
### KL120 units-neg
x = layers.Dense(-3)  # cause
### KL120 act-layer
a = keras.Input((3,))
x = layers.Activation("Relu6x")(a)  # cause
### KL120 initializer
x = layers.Dense(3, kernel_initializer="he_norm")  # cause
### KL120 dropout-50
x = layers.Dropout(50)  # cause
### KL121 no-layer
x = layers.Dens(3)  # cause
### KL121 no-layer-2
x = layers.MaxPool2d(2)  # cause
### KL121 no-op
a = keras.Input((3,))
x = ops.reduce_mean(a)  # cause
"""
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.id)
def test_mistake(mistake: Mistake, tmp_path: Path) -> None:
    check_mistake(mistake, tmp_path)
