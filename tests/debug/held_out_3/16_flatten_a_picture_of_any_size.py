# FAMILY: shape
# LINE: 25
# CAUSE: flat
# TEACHER: The sides of the picture are None, so flat has no known length; pool globally or fix
#   the size.

import keras
from keras import layers

# photos come in every size, so the sides stay open
photo = keras.Input(shape=(None, None, 3), name="any_photo")

steps = [
    layers.Rescaling(1 / 255.0),
    layers.Conv2D(16, 3, activation="relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(32, 3, activation="relu"),
    layers.MaxPooling2D(),
    layers.Flatten(name="flat"),
]
h = photo
for step in steps:
    h = step(h)

verdict = layers.Dense(2, activation="softmax", name="verdict")(h)
blur_detector = keras.Model(photo, verdict)
