# WANT: print the loss and the accuracy on test data
# FAMILY: fit
# LINE: 19
# CAUSE: accuracy
# SENTENCE: evaluate gives the loss alone, because compile was given no metrics: ask for `accuracy` in compile(metrics=[...]).
# FIX: LINE 17: model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras import layers as L

rng = np.random.default_rng(28)
measures, kind = rng.normal(size=(20, 5)), rng.integers(0, 3, 20)
shell = Input((5,), name="shell")
x = L.Dense(8, activation="relu")(shell)
model = Model(shell, L.Dense(3, activation="softmax", name="kind")(x))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(measures, kind, epochs=1, verbose=0)
loss, accuracy = model.evaluate(measures, kind, verbose=0)
print(f"loss {loss:.2f}, accuracy {accuracy:.2f}")
