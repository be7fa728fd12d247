# WANT: build the encoder in a helper function
# FAMILY: graph
# LINE: 21
# CAUSE: inner
# SENTENCE: the output hangs on the Input `inner` made inside the helper, not on `wave`: give the helper the tensor to work on.
# FIX: LINE 14:     x = L.Conv1D(4, 7, activation="relu", name="listen")(wave)
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L


def encode(length):
    inner = Input((length, 1), name="inner")
    x = L.Conv1D(4, 7, activation="relu", name="listen")(inner)
    x = L.MaxPooling1D(4)(x)
    return L.GlobalAveragePooling1D(name="code")(x)


wave = Input((100, 1), name="wave")
code = encode(100)
model = Model(inputs=wave, outputs=L.Dense(2, activation="softmax", name="speaker")(code))
model.compile("adam", "sparse_categorical_crossentropy")
