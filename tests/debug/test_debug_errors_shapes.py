"""Mistakes with shapes: the rule, the line, the cause and the changes that mend them."""

from __future__ import annotations

from pathlib import Path

import pytest
from marked_case import check_marked

# In each source, `# fails` marks the line that fails and `# cause NAME` where it went wrong.
CASES = {
    ("KL501", "pool_chain_loop"): """\
import keras
from keras import layers

x = inp = keras.Input((28, 28, 1))
for width in (16, 32, 64, 128):
    x = layers.Conv2D(width, 3)(x)  # fails
    x = layers.MaxPooling2D()(x)  # cause max_pooling2d_2
""",
    ("KL501", "pool_chain"): """\
import keras
from keras import layers

img = keras.Input((20, 20, 3))
h = layers.Conv2D(8, 5, activation="relu")(img)
h = layers.MaxPooling2D(2)(h)
h = layers.Conv2D(16, 5, activation="relu")(h)
h = layers.MaxPooling2D(2)(h)  # cause max_pooling2d_1
h = layers.Conv2D(32, 3)(h)  # fails
out = layers.Dense(10)(layers.Flatten()(h))
""",
    ("KL501", "conv1d_long_kernel"): """\
import keras
from keras import layers

seq = keras.Input((5, 12))
y = layers.Conv1D(32, kernel_size=7)(seq)  # fails, cause conv1d
""",
    ("KL502", "reshape_product"): """\
import keras
from keras import layers

i = keras.Input((28, 28))
r = layers.Reshape((28, 27))(i)  # fails, cause reshape
""",
    ("KL502", "reshape_minus_one"): """\
import keras
from keras import layers

i = keras.Input((10,))
d = layers.Dense(100)(i)  # cause dense
r = layers.Reshape((-1, 7))(d)  # fails
""",
    ("KL502", "reshape_batch"): """\
import keras
from keras import layers

batch_size = 32
i = keras.Input((784,))
r = layers.Reshape((batch_size, 28, 28, 1))(i)  # fails, cause reshape
""",
    ("KL503", "flatten_none_img"): """\
import keras
from keras import layers

i = keras.Input((None, None, 3))
c = layers.Conv2D(8, 3)(i)
f = layers.Flatten()(c)  # cause flatten
o = layers.Dense(10)(f)  # fails
""",
    ("KL503", "flatten_drop_dense"): """\
import keras
from keras import layers

i = keras.Input((None, 8))
f = layers.Flatten()(i)  # cause flatten
f = layers.Dropout(0.5)(f)
o = layers.Dense(10)(f)  # fails
""",
    ("KL503", "conv_none_channels"): """\
import keras
from keras import layers

i = keras.Input((32, 32, None))  # cause input_layer
c = layers.Conv2D(8, 3)(i)  # fails
""",
    ("KL504", "dense_reuse"): """\
import keras
from keras import layers

a = keras.Input((8,))
b = keras.Input((12,))
shared = layers.Dense(16, name="shared")  # cause shared
ya = shared(a)
yb = shared(b)  # fails
""",
    ("KL504", "dense_reuse_seq"): """\
import keras
from keras import layers

x = keras.Input((8,))
hidden = layers.Dense(32)  # cause dense
h1 = hidden(x)
h2 = hidden(h1)  # fails
""",
    ("KL504", "conv_reuse"): """\
import keras
from keras import layers

left = keras.Input((32, 32, 3))
right = keras.Input((32, 32, 1))
conv = layers.Conv2D(8, 3)  # cause conv2d
l = conv(left)
r = conv(right)  # fails
""",
    ("KL505", "nested_reuse"): """\
import keras
from keras import layers

a = keras.Input((32, 32, 3)); b = keras.Input((64, 64, 3))  # cause input_layer_1
t = keras.Input((32, 32, 3))
encoder = keras.Model(t, layers.Dense(8)(layers.Flatten()(t)), name="encoder")
ea = encoder(a)
eb = encoder(b)  # fails
""",
    ("KL505", "nested_seq_conv_reuse"): """\
import keras
from keras import layers

tower = keras.Sequential([layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(8)])
u = keras.Input((16, 16, 1)); v = keras.Input((20, 20, 1))  # cause input_layer_1
eu = tower(u)
ev = tower(v)  # fails
""",
    ("KL505", "td_model"): """\
import keras
from keras import layers

t = keras.Input((32, 32, 3))
cnn = keras.Model(t, layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(t)))
clip = keras.Input((10, 64, 64, 1))  # cause input_layer_1
x = layers.TimeDistributed(cnn)(clip)  # fails
""",
    ("KL506", "conv_on_vector"): """\
import keras
from keras import layers

i = keras.Input((784,))  # cause input_layer
c = layers.Conv2D(32, 3)(i)  # fails
""",
    ("KL506", "conv_after_flatten"): """\
import keras
from keras import layers

i = keras.Input((28, 28, 1))
c = layers.Conv2D(8, 3)(i)
f = layers.Flatten()(c)  # cause flatten
g = layers.Conv2D(16, 3)(f)  # fails
""",
    ("KL506", "conv_after_dense"): """\
import keras
from keras import layers

z = keras.Input((100,))
d = layers.Dense(7 * 7 * 16)(z)  # cause dense
u = layers.Conv2DTranspose(8, 3)(d)  # fails
""",
    ("KL507", "groups_channels"): """\
import keras
from keras import layers

i = keras.Input((8, 8, 3))
c = layers.Conv2D(16, 3, groups=4)(i)  # fails, cause conv2d
""",
    ("KL507", "groups_channels2"): """\
import keras
from keras import layers

i = keras.Input((20, 10))
c = layers.Conv1D(16, 3, groups=8)(i)  # fails, cause conv1d
""",
    ("KL507", "groupnorm"): """\
import keras
from keras import layers

i = keras.Input((8, 8, 24))
c = layers.GroupNormalization(groups=32)(i)  # fails, cause group_normalization
""",
    ("KL508", "crop_too_much"): """\
import keras
from keras import layers

i = keras.Input((8, 8, 3))
c = layers.Cropping2D(4)(i)  # fails, cause cropping2d
""",
    ("KL508", "crop1d"): """\
import keras
from keras import layers

i = keras.Input((6, 3))
c = layers.Cropping1D((3, 4))(i)  # fails, cause cropping1d
""",
    ("KL508", "crop3d"): """\
import keras
from keras import layers

i = keras.Input((4, 8, 8, 1))
c = layers.Cropping3D(2)(i)  # fails, cause cropping3d
""",
    ("KL510", "expand"): """\
import keras

i = keras.Input((10,))
a = keras.ops.expand_dims(i, 4)  # fails, cause expand_dims
""",
    ("KL510", "bn_axis"): """\
import keras
from keras import layers

i = keras.Input((8,))
b = layers.BatchNormalization(axis=3)(i)  # fails, cause batch_normalization
""",
    ("KL510", "bn_axis2"): """\
import keras
from keras import layers

i = keras.Input((20, 8))
b = layers.BatchNormalization(axis=3)(i)  # fails, cause batch_normalization
""",
    ("KL511", "matmul_inner"): """\
import keras

a = keras.Input((10, 8)); b = keras.Input((12, 6))  # cause input_layer_1
m = keras.ops.matmul(a, b)  # fails
""",
    ("KL511", "matmul_same"): """\
import keras

q = keras.Input((10, 8)); k = keras.Input((10, 8))  # cause input_layer_1
m = keras.ops.matmul(q, k)  # fails
""",
    ("KL511", "matmul_op"): """\
import keras

q = keras.Input((10, 8)); k = keras.Input((10, 8))  # cause input_layer_1
m = q @ k  # fails
""",
    ("KL512", "einsum_rank"): """\
import keras

q = keras.Input((10, 8)); k = keras.Input((8,))
m = keras.ops.einsum("btd,bsd->bts", q, k)  # fails, cause einsum
""",
    ("KL513", "squeeze_axis"): """\
import keras

i = keras.Input((10, 4))
s = keras.ops.squeeze(i, -1)  # fails, cause squeeze
""",
    ("KL513", "squeeze_batch"): """\
import keras

i = keras.Input((10, 4))
s = keras.ops.squeeze(i, 0)  # fails, cause squeeze
""",
    ("KL513", "split_uneven"): """\
import keras

i = keras.Input((10,))
a = keras.ops.split(i, 3, axis=-1)  # fails, cause split
""",
    ("KL514", "too_small"): """\
from keras.applications import MobileNet

base = MobileNet((16, 16, 3), weights=None, include_top=False)  # fails, cause MobileNet
""",
    ("KL514", "two_sizes"): """\
from keras.applications import MobileNet

base = MobileNet((32, 32), weights=None, include_top=False)  # fails, cause MobileNet
""",
    ("KL514", "too_small_keyword"): """\
from keras.applications import MobileNet

base = MobileNet(input_shape=(8, 64, 3), alpha=0.25, weights=None)  # fails, cause MobileNet
""",
    ("KL515", "too_many"): """\
import keras

steps = keras.Input((8, 3))
first = steps[:, :, :, 0]  # fails, cause steps
""",
    ("KL515", "past_the_end"): """\
import keras

steps = keras.Input((8, 3))
last = steps[:, 8]  # fails, cause steps
""",
    ("KL515", "before_the_start"): """\
import keras

steps = keras.Input((5, 3), name="steps")
first = steps[:, -6, :]  # fails, cause steps
""",
}


@pytest.mark.parametrize(("code", "name"), CASES)
def test_mistake(code: str, name: str, tmp_path: Path) -> None:
    check_marked(code, CASES[code, name], tmp_path)


def test_every_rule_of_the_family_is_tried() -> None:
    from keraslab.debug._rules import ERRORS

    codes = {code for code in ERRORS if code.startswith("KL5")}
    codes -= {"KL516", "KL517", "KL518", "KL519", "KL520"}  # in test_debug_errors_families.py
    assert codes == {code for code, _ in CASES}
