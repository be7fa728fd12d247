# FAMILY: graph
# LINE: 24
# CAUSE: outputs
# TEACHER: Model got no outputs: everything stands in one list; say inputs=[...] and
#   outputs=demand.

import keras
from keras import layers


def dense_stack(x, widths):
    for width in widths:
        x = layers.Dense(width, activation="relu")(x)
    return x


weather = keras.Input((5,), name="weather")
calendar = keras.Input((7,), name="calendar")

w = dense_stack(weather, [16, 8])
c = dense_stack(calendar, [8])
demand = layers.Dense(1, name="demand")(dense_stack(layers.concatenate([w, c]), [16]))

bikes = keras.Model([weather, calendar, demand])
bikes.compile(optimizer="adam", loss="mae")
bikes.summary()
