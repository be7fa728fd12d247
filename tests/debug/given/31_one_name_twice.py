# FAMILY: graph
# LINE: 13
# CAUSE: step
# SENTENCE: Two layers are called `step`.
# FIX: name=f'step_{i}'
import keras
from keras import layers

given = keras.Input((8,))
y = given
for _ in range(2):
    y = layers.Dense(8, name="step")(y)
model = keras.Model(given, y)
