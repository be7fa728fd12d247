# FAMILY: input
# LINE: 15
# CAUSE: IMG_SIZE
# TEACHER: IMG_SIZE is already a tuple, so the shape is ((64, 48), 3); write (*IMG_SIZE, 3) or
#   IMG_SIZE + (3,).

import keras
from keras import layers

IMG_SIZE = (64, 48)
CLASSES = ["paper", "glass", "metal", "other"]


def build_model():
    waste = keras.Input(shape=(IMG_SIZE, 3), name="waste")
    x = layers.Rescaling(1.0 / 127.5, offset=-1)(waste)
    for filters in (8, 16):
        x = layers.SeparableConv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(len(CLASSES), activation="softmax")(x)
    return keras.Model(waste, outputs)


model = build_model()
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
