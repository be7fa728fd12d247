"""Mistakes with merges: the rule, the line, the cause and the changes that mend them."""

from __future__ import annotations

from pathlib import Path

import pytest
from marked_case import check_marked, diagnosed

# In each source, `# fails` marks the line that fails and `# cause NAME` where it went wrong.
CASES = {
    ("KL201", "one_tensor"): """\
import keras
from keras import layers

a = keras.Input((8,)); b = keras.Input((8,))
m = layers.Add()(a)  # fails, cause add
""",
    ("KL201", "one_func"): """\
import keras
from keras import layers

a = keras.Input((8,)); b = keras.Input((8,))
m = layers.add(a)  # fails, cause add
""",
    ("KL201", "dot_one"): """\
import keras
from keras import layers

a = keras.Input((10, 8)); b = keras.Input((12, 8))
m = layers.Dot(axes=1)(a)  # fails, cause dot
""",
    ("KL202", "article"): """\
import keras
from keras import layers

image = keras.Input((64, 64, 3)); table = keras.Input((10,))
a = layers.Dense(64, activation="relu")(image)  # cause dense
b = layers.Dense(32, activation="relu")(table)
both = layers.Concatenate()([a, b])  # fails
out = layers.Dense(1)(both)
""",
    ("KL202", "concat_func"): """\
import keras
from keras import layers

image = keras.Input((16, 16, 3)); table = keras.Input((10,))
a = layers.Conv2D(8, 3)(image)  # cause conv2d
m = layers.concatenate([a, table])  # fails
""",
    ("KL202", "ops_concat_rank"): """\
import keras

a = keras.Input((16, 8)); b = keras.Input((8,))  # cause input_layer
m = keras.ops.concatenate([a, b], axis=-1)  # fails
""",
    ("KL203", "batch_fixed"): """\
import keras
from keras import layers

a = keras.Input((8,), batch_size=16); b = keras.Input((8,), batch_size=32)  # cause input_layer_1
m = layers.Add()([a, b])  # fails
""",
    ("KL203", "batch_shape"): """\
import keras
from keras import layers

a = keras.Input(batch_shape=(16, 8)); b = keras.Input(batch_shape=(32, 4))  # cause input_layer_1
m = layers.Concatenate()([a, b])  # fails
""",
    ("KL203", "batch_reshape"): """\
import keras
from keras import layers

a = keras.Input((8,)); b = keras.Input((4, 8), batch_size=10)
f = keras.ops.reshape(b, (40, 8))  # cause reshape
c = keras.Input((8,), batch_size=10)
m = layers.Concatenate()([f, c])  # fails
""",
    ("KL204", "ops_concat_axis"): """\
import keras

a = keras.Input((16, 8)); b = keras.Input((16, 4))
m = keras.ops.concatenate([a, b], axis=1)  # fails, cause concatenate
""",
    ("KL204", "ops_concat_noaxis"): """\
import keras

a = keras.Input((16, 8)); b = keras.Input((16, 4))
m = keras.ops.concatenate([a, b])  # fails, cause concatenate
""",
    ("KL204", "channels_first_axis"): """\
import keras
from keras import layers

a = keras.Input((32, 32, 3)); b = keras.Input((32, 32, 5))
m = layers.Concatenate(axis=1)([a, b])  # fails, cause concatenate
""",
    ("KL205", "ops_stack_seq"): """\
import keras

a = keras.Input((10, 8)); b = keras.Input((12, 8))  # cause input_layer
m = keras.ops.stack([a, b])  # fails
""",
    ("KL205", "plus_seq"): """\
import keras

a = keras.Input((10, 8)); b = keras.Input((12, 8))  # cause input_layer
m = a - b  # fails
""",
    ("KL205", "residual_stride"): """\
import keras
from keras import layers

i = keras.Input((32, 32, 16))
x = layers.Conv2D(32, 3, strides=2, padding="same")(i)  # cause conv2d
z = layers.Add()([x, i])  # fails
""",
    ("KL206", "add_func"): """\
import keras
from keras import layers

image = keras.Input((16, 16, 3))
a = layers.Conv2D(8, 3, padding="same")(image)  # cause conv2d
m = layers.add([image, a])  # fails
""",
    ("KL206", "ops_stack"): """\
import keras

a = keras.Input((8,)); b = keras.Input((4,))  # cause input_layer_1
m = keras.ops.stack([a, b], axis=1)  # fails
""",
    ("KL206", "plus_width"): """\
import keras

a = keras.Input((8,)); b = keras.Input((12,))  # cause input_layer_1
m = a + b  # fails
""",
    ("KL207", "dot_axes"): """\
import keras
from keras import layers

a = keras.Input((8,)); b = keras.Input((6,))
m = layers.Dot(axes=1)([a, b])  # fails, cause dot
""",
    ("KL207", "dot_seq"): """\
import keras
from keras import layers

a = keras.Input((10, 8)); b = keras.Input((12, 8))
m = layers.Dot(axes=1)([a, b])  # fails, cause dot
""",
    ("KL207", "dot_func"): """\
import keras
from keras import layers

a = keras.Input((8,)); b = keras.Input((6,))
m = layers.dot([a, b], axes=-1)  # fails, cause dot
""",
    ("KL208", "pos_emb"): """\
import keras
from keras import layers

t = keras.Input((50,))
x = layers.Embedding(1000, 32)(t)  # cause embedding
p = layers.Embedding(100, 32)(keras.ops.arange(100))
y = x + p  # fails
""",
    ("KL208", "pos_emb_width"): """\
import keras
from keras import layers

t = keras.Input((50,))
x = layers.Embedding(1000, 32)(t)  # cause embedding
p = layers.Embedding(50, 16)(keras.ops.arange(50))
y = x + p  # fails
""",
    ("KL209", "add_one_arg_two"): """\
import keras
from keras import layers

a = keras.Input((8,)); b = keras.Input((8,))
m = layers.add(a, b)  # fails, cause add
""",
}


@pytest.mark.parametrize(("code", "name"), CASES)
def test_mistake(code: str, name: str, tmp_path: Path) -> None:
    check_marked(code, CASES[code, name], tmp_path)


def test_every_rule_of_the_family_is_tried() -> None:
    from keraslab.debug._rules import ERRORS

    codes = {code for code in ERRORS if code.startswith("KL2")}
    codes -= {"KL210", "KL211"}  # in test_debug_errors_families.py and ..._nested_lists.py
    assert codes == {code for code, _ in CASES}


def test_image_joined_with_a_vector_offers_pooling_and_flattening(tmp_path: Path) -> None:
    finding = diagnosed(CASES["KL202", "article"], tmp_path / "article.py")
    pooled, flat = finding.fixes
    assert (pooled.result, pooled.params) == ("? × 96", 97)
    assert (flat.result, flat.params) == ("? × 262176", 262177)
    assert "Pooling2D" in pooled.code
    assert "Flatten" in flat.code
