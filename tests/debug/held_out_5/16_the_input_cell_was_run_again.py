# FAMILY: graph
# LINE: 23
# CAUSE: inp
# TEACHER: inp was made anew after the layers had been called on the old one; run the layers again
#   on the new inp, too.

import keras
from keras import layers

# In [3]
inp = keras.Input(shape=(13,), name="passenger")

# In [4]
x = layers.Dense(16, activation="relu")(inp)
x = layers.Dropout(0.3)(x)
x = layers.Dense(8, activation="relu")(x)
survived = layers.Dense(1, activation="sigmoid", name="survived")(x)

# In [5], one column was dropped and one added
inp = keras.Input(shape=(13,), name="passenger")

# In [6]
model = keras.Model(inputs=inp, outputs=survived)
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
