# FAMILY: input
# LINE: 13
# CAUSE: input_shape
# TEACHER: keras.Input takes shape=, not input_shape=, which belongs to the first layer of a
#   Sequential.

import keras
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D


def fashion_model(img_rows, img_cols, num_classes):
    input_shape = (img_rows, img_cols, 1)
    inputs = keras.Input(input_shape=input_shape)
    x = Conv2D(16, kernel_size=(3, 3), activation="relu")(inputs)
    x = MaxPooling2D(pool_size=(2, 2))(x)
    x = Conv2D(32, kernel_size=(3, 3), activation="relu")(x)
    x = MaxPooling2D(pool_size=(2, 2))(x)
    x = Flatten()(x)
    outputs = Dense(num_classes, activation="softmax")(x)
    return keras.Model(inputs=inputs, outputs=outputs, name="fashion")


model = fashion_model(28, 28, 10)
model.compile(
    loss="categorical_crossentropy",
    optimizer="adam",
    metrics=["accuracy"],
)
