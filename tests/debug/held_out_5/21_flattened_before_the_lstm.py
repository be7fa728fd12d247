# FAMILY: sequence
# LINE: 24
# CAUSE: flat
# TEACHER: The Flatten named flat takes the time axis away, and the LSTM reads sequences; leave
#   it out.

import keras
from keras import layers

VOCAB = 300


def sentiment_model(length=25):
    review = keras.Input((length,), dtype="int32", name="review")
    steps = (
        layers.Embedding(VOCAB, 16, name="vectors"),
        layers.SpatialDropout1D(0.2),
        layers.Flatten(name="flat"),
        layers.LSTM(16, name="reader"),
        layers.Dense(1, activation="sigmoid", name="liked"),
    )
    out = review
    for step in steps:
        out = step(out)
    return keras.Model(review, out)


sentiment_model().compile("adam", "binary_crossentropy")
