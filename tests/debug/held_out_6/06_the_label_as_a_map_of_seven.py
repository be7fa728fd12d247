# FAMILY: merge
# LINE: 24
# CAUSE: label_map
# TEACHER: label_map is 7 by 7 and the noise map 8 by 8; Dense and Reshape of the label need 8 * 8.

import keras
from keras import layers

LATENT = 20
CLASSES = 10


def build_generator():
    label = keras.Input(shape=(1,), name="label")
    label_map = layers.Embedding(CLASSES, 30)(label)
    label_map = layers.Dense(7 * 7)(label_map)
    label_map = layers.Reshape((7, 7, 1))(label_map)

    noise = keras.Input(shape=(LATENT,), name="noise")
    seed = layers.Dense(8 * 8 * 16)(noise)
    seed = layers.LeakyReLU(0.2)(seed)
    seed = layers.Reshape((8, 8, 16))(seed)

    merge = layers.Concatenate()([seed, label_map])
    gen = layers.Conv2DTranspose(16, 4, strides=2, padding="same")(merge)
    gen = layers.LeakyReLU(0.2)(gen)
    gen = layers.Conv2DTranspose(8, 4, strides=2, padding="same")(gen)
    picture = layers.Conv2D(1, 7, padding="same", activation="tanh")(gen)
    return keras.Model([noise, label], picture)


generator = build_generator()
generator.summary()
