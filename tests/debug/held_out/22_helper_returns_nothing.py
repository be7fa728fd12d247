# WANT: a helper that adds the head
# FAMILY: graph
# LINE: 19
# CAUSE: add_head
# SENTENCE: the helper `add_head` has no return line, so it gives None and the model has no output.
# FIX: LINE 14:     return Dense(classes, activation="softmax", name="topic")(x)
import keras
from keras.layers import Dense, Dropout, LayerNormalization


def add_head(x, classes):
    x = LayerNormalization()(x)
    x = Dropout(0.3, seed=2)(x)
    x = Dense(classes, activation="softmax", name="topic")(x)


code = keras.Input((24,), name="code")
hidden = Dense(16, activation="relu")(code)
model = keras.Model(inputs=code, outputs=add_head(hidden, 6))
model.compile("adam", "categorical_crossentropy")
