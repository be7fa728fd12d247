"""Mistakes with sequences: the rule, the line, the cause and the changes that mend them."""

from __future__ import annotations

from pathlib import Path

import pytest
from marked_case import check_marked

# In each source, `# fails` marks the line that fails and `# cause NAME` where it went wrong.
CASES = {
    ("KL601", "lstm_lstm"): """\
import keras
from keras import layers

i = keras.Input((20, 4))
x = layers.LSTM(32)(i)  # cause lstm
x = layers.LSTM(16)(x)  # fails
""",
    ("KL601", "gru_gru_func"): """\
import keras
from keras import layers

def stack(t):
    t = layers.GRU(32)(t)  # cause gru
    t = layers.Dropout(0.2)(t)
    return layers.GRU(16)(t)  # fails

i = keras.Input((20, 4))
y = stack(i)
""",
    ("KL601", "seq_add_bidir"): """\
import keras
from keras import layers

model = keras.Sequential()
model.add(keras.Input((20, 4)))
model.add(layers.Bidirectional(layers.LSTM(16)))  # cause bidirectional
model.add(layers.Bidirectional(layers.LSTM(8)))  # fails
""",
    ("KL602", "lstm_vector"): """\
import keras
from keras import layers

i = keras.Input((8,))  # cause input_layer
x = layers.LSTM(32)(i)  # fails
""",
    ("KL602", "lstm_after_dense"): """\
import keras
from keras import layers

i = keras.Input((8,))
d = layers.Dense(64)(i)  # cause dense
x = layers.LSTM(32)(d)  # fails
""",
    ("KL602", "lstm_after_flatten"): """\
import keras
from keras import layers

i = keras.Input((20, 4))
c = layers.Conv1D(8, 3)(i)
f = layers.Flatten()(c)  # cause flatten
x = layers.GRU(32)(f)  # fails
""",
    ("KL603", "lstm_image"): """\
import keras
from keras import layers

i = keras.Input((28, 28, 1))  # cause input_layer
x = layers.LSTM(32)(i)  # fails
""",
    ("KL603", "lstm_after_conv"): """\
import keras
from keras import layers

i = keras.Input((28, 28, 1))
c = layers.Conv2D(8, 3)(i)  # cause conv2d
x = layers.LSTM(32)(c)  # fails
""",
    ("KL603", "bidir_image"): """\
import keras
from keras import layers

i = keras.Input((8, 8, 3))  # cause input_layer
x = layers.Bidirectional(layers.LSTM(32))(i)  # fails
""",
    ("KL604", "convlstm_image"): """\
import keras
from keras import layers

i = keras.Input((32, 32, 1))  # cause input_layer
x = layers.ConvLSTM2D(8, 3)(i)  # fails
""",
    ("KL604", "td_conv_image"): """\
import keras
from keras import layers

i = keras.Input((28, 28, 1))
x = layers.TimeDistributed(layers.Conv2D(8, 3))(i)  # fails, cause time_distributed
""",
    ("KL604", "td_lstm_seq"): """\
import keras
from keras import layers

i = keras.Input((10, 8))
x = layers.TimeDistributed(layers.LSTM(4))(i)  # fails, cause time_distributed
""",
    ("KL605", "rnn_stateful"): """\
import keras
from keras import layers

i = keras.Input((20, 4))
x = layers.LSTM(8, stateful=True)(i)  # fails, cause lstm
""",
    ("KL611", "att_one"): """\
import keras
from keras import layers

i = keras.Input((20, 8))
a = layers.Attention()(i)  # fails, cause attention
""",
    ("KL611", "att_one_list"): """\
import keras
from keras import layers

i = keras.Input((20, 8))
a = layers.Attention()([i])  # fails, cause attention
""",
    ("KL611", "att_two_args"): """\
import keras
from keras import layers

q = keras.Input((20, 8)); v = keras.Input((30, 8))
a = layers.Attention()(q, v)  # fails, cause attention
""",
    ("KL612", "mha_key_len"): """\
import keras
from keras import layers

q = keras.Input((20, 8)); v = keras.Input((30, 8)); k = keras.Input((25, 8))  # cause input_layer_2
a = layers.MultiHeadAttention(2, 4)(q, v, k)  # fails
""",
    ("KL613", "att_mask_rank"): """\
import keras
from keras import layers

q = keras.Input((20, 8)); m = keras.Input((20, 20), dtype="bool")  # cause input_layer_1
a = layers.Attention()([q, q], mask=m)  # fails
""",
}


@pytest.mark.parametrize(("code", "name"), CASES)
def test_mistake(code: str, name: str, tmp_path: Path) -> None:
    check_marked(code, CASES[code, name], tmp_path)


def test_every_rule_of_the_family_is_tried() -> None:
    from keraslab.debug._rules import ERRORS

    codes = {code for code in ERRORS if code.startswith("KL6")}
    codes -= {"KL606", "KL607", "KL614", "KL615"}  # in test_debug_errors_families.py
    codes -= {"KL608"}  # in test_debug_errors_upstream.py
    codes -= {"KL616"}  # in test_debug_errors_attention_ranks.py
    assert codes == {code for code, _ in CASES}
