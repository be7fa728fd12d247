# FAMILY: silent
# LINE: -
# CAUSE: frozen
# SENTENCE: Nothing trains: the whole model is frozen, its head too.
# FIX: base.trainable = False
import keras
from keras import layers

base = keras.Sequential([keras.Input((8,)), layers.Dense(4)])
given = keras.Input((8,))
model = keras.Model(given, layers.Dense(1)(base(given)))
model.trainable = False
model.compile(loss="mse")
