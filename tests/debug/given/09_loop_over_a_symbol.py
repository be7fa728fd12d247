# FAMILY: values
# LINE: 10
# CAUSE: steps
# SENTENCE: A symbolic tensor cannot be looped over; count its axis and index it.
# FIX: [... for step in (steps[:, i] for i in range(steps.shape[1]))]
import keras
from keras import layers

steps = keras.Input((5, 8), name="steps")
found = [layers.Dense(4)(step) for step in steps]
model = keras.Model(steps, found)
