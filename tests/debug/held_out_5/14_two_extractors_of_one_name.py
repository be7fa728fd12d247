# FAMILY: graph
# LINE: 24
# CAUSE: feature_extractor
# TEACHER: Both cameras' models are named feature_extractor; give each its own name.

import keras
from keras import layers


def extractor(side):
    inp = keras.Input((side, side, 3))
    x = layers.SeparableConv2D(8, 3, activation="relu")(inp)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inp, x, name="feature_extractor")


front, rear = extractor(20), extractor(16)

front_image = keras.Input((20, 20, 3), name="front_image")
rear_image = keras.Input((16, 16, 3), name="rear_image")
seen = layers.concatenate([front(front_image), rear(rear_image)])
steering = layers.Dense(1, activation="tanh", name="steering")(seen)

car = keras.Model([front_image, rear_image], steering)
car.compile(optimizer="sgd", loss="mse")
