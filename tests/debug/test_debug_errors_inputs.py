"""Inputs of a wrong shape, dtype, name or kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistake_case import START, Mistake, check_mistake, diagnosed, mistakes

MISTAKES = mistakes(
    """
### KL301 comma
inp = keras.Input(shape=(32))  # cause
### KL301 plain
inp = keras.Input(32)  # cause
### KL301 two-numbers
inp = keras.Input(28, 28)  # cause
### KL301 three-numbers
inp = keras.Input(28, 28, 1)  # cause
### KL301 inputlayer
m = keras.Sequential([layers.InputLayer(shape=(32)), layers.Dense(2)])  # cause
### KL301 variable
n = 28 * 28
inp = keras.Input(shape=(n), name="pixels")  # cause
### KL301 len
x_train = np.zeros((5, 8))
inp = keras.Input(x_train.shape[1])  # cause
### KL301 batch-shape
m = keras.Input(batch_shape=(8))  # cause
### KL301 none
inp = keras.Input(shape=(None))  # cause
### KL301 np-int
x_train = np.zeros((5, 8))
inp = keras.Input(shape=np.int64(8))  # cause
### KL302 batch-conv
inp = keras.Input((32, 28, 28, 1))  # cause
x = layers.Conv2D(8, 3)(inp)
### KL302 none-batch-conv
inp = keras.Input((None, 28, 28, 1))  # cause
x = layers.Conv2D(8, 3, activation="relu")(inp)
### KL302 x-shape
x_train = np.zeros((100, 28, 28, 1), "float32")
inp = keras.Input(shape=x_train.shape)  # cause
x = layers.Conv2D(8, 3)(inp)
### KL603 x-shape-lstm
x_train = np.zeros((100, 10, 3), "float32")
inp = keras.Input(shape=x_train.shape)  # cause
x = layers.LSTM(8)(inp)
### KL302 pool
inp = keras.Input((64, 32, 32, 3))  # cause
x = layers.MaxPooling2D()(inp)
### KL302 sequential
m = keras.Sequential([keras.Input((16, 28, 28, 1)), layers.Conv2D(3, 3)])  # cause
### KL302 conv1d
inp = keras.Input((32, 100, 4))  # cause
x = layers.BatchNormalization()(inp)
x = layers.Conv1D(8, 3)(x)
### KL503 none-features
inp = keras.Input((None,))  # cause
x = layers.Dense(8)(inp)
### KL303 channel
inp = keras.Input((28, 28))  # cause
x = layers.Conv2D(8, 3)(inp)
### KL303 channel-bn
img = keras.Input(shape=(64, 64), name="img")  # cause
x = layers.Rescaling(1 / 255)(img)
x = layers.Conv2D(8, 3)(x)
### KL303 conv1d
sig = keras.Input(shape=(100,))  # cause
x = layers.Conv1D(8, 3)(sig)
### KL602 lstm
sig = keras.Input(shape=(100,))  # cause
x = layers.LSTM(8)(sig)
### KL303 seq
m = keras.Sequential([keras.Input((28, 28)), layers.Conv2D(8, 3, padding="same")])  # cause
### KL303 pool
img = keras.Input((28, 28))  # cause
x = layers.MaxPooling2D()(img)
### KL303 conv3d
vol = keras.Input((16, 16, 16))  # cause
x = layers.Conv3D(8, 3)(vol)
### KL303 function
def cnn(shape):
    i = keras.Input(shape)  # cause
    x = layers.Conv2D(8, 3)(i)
    return keras.Model(i, x)
m = cnn((28, 28))
### KL412 called-model
i = keras.Input((28, 28, 1))
cnn = keras.Model(i, layers.Conv2D(4, 3)(i))
img = keras.Input((28, 28))
y = cnn(img)  # cause
### KL304 first-conv
img = keras.Input((3, 32, 32))  # cause
x = layers.Conv2D(8, 5)(img)
### KL304 first-pool
img = keras.Input((3, 64, 64))  # cause
x = layers.Conv2D(8, 3)(img)
x = layers.MaxPooling2D()(x)
x = layers.Conv2D(8, 3)(x)
### KL304 one
img = keras.Input((1, 28, 28))  # cause
x = layers.Conv2D(8, 3)(img)
### KL304 pool-only
img = keras.Input((1, 28, 28))  # cause
x = layers.MaxPooling2D()(img)
### KL304 seq
m = keras.Sequential([keras.Input((3, 32, 32)), layers.Conv2D(8, 5)])  # cause
### KL305 wrong-name
inp = keras.Input((10,), dtype="flaot32")  # cause
### KL305 float-name
inp = keras.Input((10,), dtype="float")  # cause
### KL305 str-name
inp = keras.Input((10,), dtype="str")  # cause
### KL305 double
inp = keras.Input((10,), dtype="double")  # cause
### KL305 float32s
inp = keras.Input((10,), dtype="Float32")  # cause
### KL305 dense-dtype
x = layers.Dense(3, dtype="float33")  # cause
### KL306 array
x_train = np.zeros((16, 8), "float32")
inp = keras.Input(x_train)  # cause
### KL306 tensor
a = keras.Input((8,))
x = layers.Dense(4)(a)
b = keras.Input(x)  # cause
### KL306 tensor-np
x_train = np.zeros((16, 8), "float32")
b = keras.Input(tensor=x_train)  # cause
### KL116 called
a = keras.Input((8,))
b = keras.Input((8,))(a)  # cause
### KL101 inputlayer
a = layers.InputLayer(shape=(8,))
y = layers.Dense(3)(a)  # cause
### KL306 tf-tensor
t = ops.ones((3, 4))
inp = keras.Input(t)  # cause
### KL306 list-data
inp = keras.Input([[1.0, 2.0], [3.0, 4.0]])  # cause
### KL307 list-of-lists
inp = keras.Input(shape=[[28, 28, 1]])  # cause
### KL307 two-shapes
inp = keras.Input([(8,), (4,)])  # cause
### KL307 float
inp = keras.Input((28.0, 28))  # cause
### KL307 half
n = 28
inp = keras.Input((n / 2,))  # cause
### KL307 str
inp = keras.Input("28")  # cause
### KL307 str-2
inp = keras.Input(("28", "28"))  # cause
### KL307 negative
inp = keras.Input((-1, 8))  # cause
### KL307 tuple-kw
inp = keras.Input(shape={"height": 3})  # cause
### KL307 ellipsis
inp = keras.Input((..., 3))  # cause
### KL308 both
inp = keras.Input(shape=(8,), batch_shape=(None, 8))  # cause
### KL308 batch-size
inp = keras.Input(batch_size=4, batch_shape=(None, 8))  # cause
### KL308 nothing
inp = keras.Input()  # cause
### KL308 name-only
inp = keras.Input(name="x")  # cause
### KL308 input-shape-kw
inp = keras.Input(input_shape=(8,))  # cause
### KL308 size-kw
inp = keras.Input(size=(8,))  # cause
### KL308 shapes-kw
inp = keras.Input(shapes=(8,))  # cause
### KL308 batchshape-kw
inp = keras.Input((8,), batchsize=4)  # cause
### KL308 batch-input-shape
inp = keras.Input(batch_input_shape=(None, 8))  # cause
### KL308 type-kw
inp = keras.Input((8,), type="float32")  # cause
### KL308 inputlayer-kw
m = layers.InputLayer(input_dim=8)  # cause
### KL308 input-dim-kw
inp = keras.Input(input_dim=8)  # cause
### KL303 sparse
a = keras.Input((8,), sparse=True)  # cause
x = layers.Conv1D(3, 3)(a)
### KL309 name-slash
a = keras.Input((8,), name="a/b")  # cause
### KL309 dense-name-slash
a = layers.Dense(8, name="a/b")  # cause
### KL309 name-int
a = keras.Input((8,), name=3)  # cause
### KL309 layer-name-int
a = layers.Dense(8, name=3)  # cause
### KL121 keras-dot-input
a = keras.layers.Inputs((8,))  # cause
### KL121 input-lower
a = keras.input((8,))  # cause
"""
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.id)
def test_mistake(mistake: Mistake, tmp_path: Path) -> None:
    check_mistake(mistake, tmp_path)


def test_an_input_that_is_right_is_not_blamed(tmp_path: Path) -> None:
    # A vector into a convolution lacks two axes; no single one would do.
    finding, error = diagnosed(
        START + "x = keras.Input((784,))\nlayers.Conv2D(8, 3)(x)", tmp_path / "person.py"
    )
    assert error is not None
    assert finding is None or finding.code not in ("KL302", "KL303")


def test_channels_first_is_only_said_of_images(tmp_path: Path) -> None:
    finding, error = diagnosed(
        START + "x = keras.Input((4, 4, 64))\nlayers.Conv2D(8, 5)(x)", tmp_path / "person.py"
    )
    assert error is not None
    assert finding is None or finding.code != "KL304"


def test_the_offered_shape_is_tried(tmp_path: Path) -> None:
    finding, _ = diagnosed(
        START + "x = keras.Input((28, 28))\nlayers.Conv2D(8, 3)(x)", tmp_path / "person.py"
    )
    assert finding is not None
    assert finding.fixes[0].result == "? × 26 × 26 × 8"
