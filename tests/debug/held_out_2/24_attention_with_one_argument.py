# WANT: let the notes of a melody look at each other
# FAMILY: sequence
# LINE: 14
# CAUSE: listen
# SENTENCE: `listen` needs a query and a value; for self-attention give the same tensor twice: listen(x, x).
# FIX: LINE 14: x = L.LayerNormalization()(x + listen(x, x))
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L

notes = Input((20,), dtype="int32", name="notes")
x = L.Embedding(88, 16, name="pitch")(notes)
listen = L.MultiHeadAttention(num_heads=2, key_dim=8, name="listen")
x = L.LayerNormalization()(x + listen(x))
x = L.GlobalAveragePooling1D()(x)
composer = L.Dense(4, activation="softmax", name="composer")(x)
model = Model(notes, composer)
