"""Python, NumPy and TensorFlow on symbolic tensors."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistake_case import Mistake, check_mistake, mistakes

MISTAKES = mistakes(
    """
### KL107 array-start
data = np.random.rand(16, 8).astype("float32")
inp = keras.Input((8,))
x = layers.Dense(32)(data)  # cause
out = layers.Dense(1)(x)
model = keras.Model(inp, out)
### KL107 array-as-inputs
x_train = np.zeros((16, 8), "float32")
x = layers.Dense(32)(x_train)  # cause
model = keras.Model(inputs=x_train, outputs=x)
### KL107 array-input-2
x_train = np.zeros((16, 8), "float32")
inp = keras.Input((8,))
x = layers.Dense(32)(inp)
model = keras.Model(inputs=x_train, outputs=x)  # cause
### KL107 two-branch
table = np.zeros((16, 4), "float32")
inp = keras.Input((8,))
a = layers.Dense(4)(inp)
b = layers.Dense(2)(table)  # cause
model = keras.Model(inp, [a, b])
### KL107 eager-tensor
img = ops.ones((2, 8, 8, 3))
inp = keras.Input((8, 8, 3))
x = layers.Conv2D(4, 3)(img)  # cause
x = layers.Flatten()(x)
model = keras.Model(inp, x)
### KL108 tf-reduce-mean
import tensorflow as tf
inp = keras.Input((5, 8))
y = tf.reduce_mean(inp, axis=1)  # cause
### KL108 tf-concat
import tensorflow as tf
a = keras.Input((8,)); b = keras.Input((8,))
y = tf.concat([a, b], axis=-1)  # cause
### KL108 tf-relu
import tensorflow as tf
a = keras.Input((8,))
y = tf.nn.relu(a)  # cause
### KL108 tf-expand
import tensorflow as tf
a = keras.Input((8,))
y = tf.expand_dims(a, -1)  # cause
### KL108 tf-add
import tensorflow as tf
a = keras.Input((8,)); b = keras.Input((8,))
y = tf.add(a, b)  # cause
### KL108 tf-reshape
import tensorflow as tf
a = keras.Input((8,))
y = tf.reshape(a, [-1, 4, 2])  # cause
### KL108 tf-matmul
import tensorflow as tf
a = keras.Input((8, 4)); b = keras.Input((4, 8))
y = tf.matmul(a, b)  # cause
### KL108 tf-reduce-sum-keepdims
import tensorflow as tf
a = keras.Input((8, 4))
y = tf.reduce_sum(a, 1, keepdims=True)  # cause
### KL108 tf-math-log
import tensorflow as tf
a = keras.Input((8, 4))
y = tf.math.log(a)  # cause
### KL108 tf-cast
import tensorflow as tf
a = keras.Input((8, 4))
y = tf.cast(a, tf.int32)  # cause
### KL108 tf-square
import tensorflow as tf
a = keras.Input((8, 4))
y = tf.sqrt(tf.reduce_sum(tf.square(a), axis=-1))  # cause
### KL108 tf-softmax
import tensorflow as tf
a = keras.Input((8, 4))
y = tf.nn.softmax(a, axis=-1)  # cause
### KL108 tf-transpose
import tensorflow as tf
a = keras.Input((8, 4))
y = tf.transpose(a, perm=[0, 2, 1])  # cause
### KL108 tf-shape
import tensorflow as tf
a = keras.Input((8, 4))
n = tf.shape(a)[0]  # cause
### KL108 tf-l2
import tensorflow as tf
a = keras.Input((4,))
n = tf.math.l2_normalize(a, axis=1)  # cause
### KL108 tf-resize
import tensorflow as tf
a = keras.Input((8, 8, 3))
n = tf.image.resize(a, (16, 16))  # cause
### KL108 tf-stack
import tensorflow as tf
a = keras.Input((4,)); b = keras.Input((4,))
n = tf.stack([a, b], axis=1)  # cause
### KL109 np-log
inp = keras.Input((8,))
x = layers.Dense(16)(inp)
y = np.log(x)  # cause
### KL109 np-concatenate
a = keras.Input((8,)); b = keras.Input((8,))
y = np.concatenate([a, b], axis=-1)  # cause
### KL109 np-mean
a = keras.Input((8, 3))
y = np.mean(a, axis=1)  # cause
### KL109 np-add
a = keras.Input((8, 3))
y = np.add(a, a)  # cause
### KL109 np-maximum
a = keras.Input((8, 3))
y = np.maximum(a, 0)  # cause
### KL109 np-dot
a = keras.Input((8, 3)); b = keras.Input((3, 2))
y = np.matmul(a, b)  # cause
### KL109 np-array
a = keras.Input((8, 3))
y = np.array(a)  # cause
### KL109 np-array-2
a = keras.Input((8,)); b = keras.Input((8,))
y = np.array([a, b])  # cause
### KL109 np-reshape
a = keras.Input((8, 3))
y = np.reshape(a, (-1, 24))  # cause
### KL109 np-sqrt-sum
a = keras.Input((8, 3))
y = np.sqrt(np.sum(a ** 2, axis=-1))  # cause
### KL109 np-expand
a = keras.Input((8, 3))
y = np.expand_dims(a, -1)  # cause
### KL109 np-norm
a = keras.Input((3,))
y = np.linalg.norm(a, axis=-1)  # cause
### KL109 np-hstack
a = keras.Input((3,)); b = keras.Input((3,))
y = np.hstack([a, b])  # cause
### KL109 np-stack
a = keras.Input((3,)); b = keras.Input((3,))
y = np.stack([a, b], axis=1)  # cause
### KL109 np-transpose
a = keras.Input((3, 4))
y = np.transpose(a, (0, 2, 1))  # cause
### KL109 np-array-left
a = keras.Input((4,))
w = np.ones((4,), "float32")
y = w * a  # cause
### KL109 math
import math
a = keras.Input((4,))
y = math.sqrt(a)  # cause
### KL114 np-method
a = keras.Input((3,))
y = a.numpy()  # cause
### KL110 if
a = keras.Input((3,))
x = layers.Dense(4)(a)
if x > 0:  # cause
    y = x
### KL110 if-sum
a = keras.Input((3,))
y = a if ops.sum(a) > 0 else -a  # cause
### KL110 while
a = keras.Input((3,))
x = layers.Dense(1)(a)
while x < 3:  # cause
    x = x + 1
### KL110 and
a = keras.Input((3,)); b = keras.Input((3,))
y = a and b  # cause
### KL110 not
a = keras.Input((3,))
y = not a  # cause
### KL110 max
a = keras.Input((3,)); b = keras.Input((3,))
y = max(a, b)  # cause
### KL110 max0
a = keras.Input((3,))
y = max(0, a)  # cause
### KL110 or
a = keras.Input((3,))
def f(x=None):
    x = x or keras.Input((3,))  # cause
    return layers.Dense(1)(x)
y = f(a)
### KL110 if-plain
def f(x, skip=None):
    y = layers.Dense(3)(x)
    if skip:  # cause
        y = y + skip
    return y
a = keras.Input((3,))
z = f(a, a)
### KL111 len
a = keras.Input((5, 3))
for t in range(len(a)):  # cause
    print(t)
### KL111 len-2
a = keras.Input((5, 3))
n = len(a)  # cause
### KL112 for
a = keras.Input((5, 8))
outs = [layers.Dense(4)(step) for step in a]  # cause
### KL112 for-2
a = keras.Input((5, 8))
states = []
for step in a:  # cause
    states.append(layers.Dense(4)(step))
### KL112 unpack
a = keras.Input((2,))
b, c = a  # cause
### KL112 star
a = keras.Input((2,))
b = list(a)  # cause
### KL112 sum
a = keras.Input((2, 3))
b = sum(a)  # cause
### KL112 zip
a = keras.Input((4, 3)); b = keras.Input((4, 3))
for s, t in zip(a, b):  # cause
    print(s)
### KL112 enumerate
a = keras.Input((4, 3))
for i, s in enumerate(a):  # cause
    print(s)
### KL113 assign
a = keras.Input((5, 8))
a[:, 0] = 0  # cause
### KL113 assign-2
x = layers.Dense(8)(keras.Input((5,)))
x[0] = 1.0  # cause
### KL113 assign-aug
x = layers.Dense(8)(keras.Input((5,)))
x[:, 0] += 1.0  # cause
### KL114 mean
a = keras.Input((8, 4))
y = a.mean(axis=1)  # cause
### KL114 sum
a = keras.Input((8, 4))
y = a.sum(axis=1)  # cause
### KL114 get-shape
a = keras.Input((8, 4))
y = a.get_shape().as_list()  # cause
### KL114 flatten
a = keras.Input((8, 4))
y = a.flatten()  # cause
### KL114 T
a = keras.Input((8, 4))
y = a.T  # cause
### KL114 shape-call
a = keras.Input((8, 4))
n = a.shape()  # cause
### KL114 size
a = keras.Input((8, 4))
n = a.size  # cause
### KL114 astype
a = keras.Input((8, 4))
n = a.astype("int32")  # cause
### KL114 shape-index
a = keras.Input((8,))
n = a.shape[2]  # cause
### KL114 output-shape
a = keras.Input((8,))
n = layers.Dense(a.output_shape[1])(a)  # cause
### KL119 float
a = keras.Input((3,))
x = layers.Dense(1)(a)
y = float(x)  # cause
### KL119 int
a = keras.Input((3,))
n = int(ops.sum(a))  # cause
### KL111 range
a = keras.Input((3,), dtype="int32")
for i in range(a):  # cause
    pass
### KL119 format
a = keras.Input((3,))
n = f"{a:.3f}"  # cause
"""
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.id)
def test_mistake(mistake: Mistake, tmp_path: Path) -> None:
    check_mistake(mistake, tmp_path)
