# WANT: start a GRU from zeros
# FAMILY: shape
# LINE: 12
# CAUSE: tokens
# SENTENCE: `tokens.shape[0]` is the batch size and is None while building: make zeros with ops.zeros_like of a tensor that has it.
# FIX: LINE 12: start = ops.zeros_like(x[:, 0])
# ruff: noqa: E501
from keras import Input, Model, layers, ops

tokens = Input((12,), dtype="int32", name="tokens")
x = layers.Embedding(input_dim=40, output_dim=8)(tokens)
start = ops.zeros((tokens.shape[0], 8))
state = layers.GRU(8, name="state")(x, initial_state=start)
model = Model(inputs=tokens, outputs=layers.Dense(1, name="mood")(state))
model.compile(optimizer="adam", loss="mse")
