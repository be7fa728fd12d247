# FAMILY: fit
# LINE: 14
# CAUSE: user
# SENTENCE: The inputs are a dict, and a list has no names.
# FIX: model.predict({'user': u, 'item': i})
import keras
import numpy as np
from keras import layers

user = keras.Input((4,), name="user")
item = keras.Input((4,), name="item")
model = keras.Model({"user": user, "item": item}, layers.Subtract()([user, item]))
u, i = np.ones((1, 4)), np.zeros((1, 4))
model.predict([u, i], verbose=0)
