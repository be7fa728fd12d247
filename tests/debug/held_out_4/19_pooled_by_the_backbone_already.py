# FAMILY: shape
# LINE: 27
# CAUSE: pooling
# TEACHER: The backbone was made with pooling="avg", so it gives a vector already; drop
#   GlobalAveragePooling2D or the argument.

import keras
from keras import layers

IMG = 32
N_BREEDS = 12


def build_model(fine_tune=False):
    base = keras.applications.MobileNet(
        input_shape=(IMG, IMG, 3),
        alpha=0.25,
        include_top=False,
        weights=None,
        pooling="avg",
    )
    base.trainable = fine_tune

    inputs = layers.Input(shape=(IMG, IMG, 3))
    x = keras.applications.mobilenet.preprocess_input(inputs)
    x = base(x, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    outputs = layers.Dense(N_BREEDS, activation="softmax")(x)
    return keras.Model(inputs, outputs)


model = build_model()
model.compile(keras.optimizers.Adam(1e-3), "categorical_crossentropy", ["accuracy"])
