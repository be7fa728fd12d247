# FAMILY: shape
# LINE: 13
# CAUSE: photo
# TEACHER: photo has no fixed height and width, so x.shape gives None and None * None is no
#   number; use Reshape((-1, channels)) or fix the size.

import keras
from keras import layers


def non_local(x, reduced):
    height, width, channels = x.shape[1:]
    cells = height * width
    theta = layers.Reshape((cells, reduced))(layers.Conv2D(reduced, 1)(x))
    phi = layers.Reshape((cells, reduced))(layers.Conv2D(reduced, 1)(x))
    g = layers.Reshape((cells, reduced))(layers.Conv2D(reduced, 1)(x))
    affinity = layers.Softmax()(layers.Dot(axes=(2, 2))([theta, phi]))
    y = layers.Dot(axes=(2, 1))([affinity, g])
    y = layers.Reshape((height, width, reduced))(y)
    return layers.Add()([x, layers.Conv2D(channels, 1)(y)])


photo = keras.Input(shape=(None, None, 3), name="photo")
feat = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(photo)
feat = layers.Conv2D(24, 3, strides=2, padding="same", activation="relu")(feat)
feat = non_local(feat, reduced=8)
score = layers.Dense(1, name="aesthetic")(layers.GlobalAveragePooling2D()(feat))
judge = keras.Model(photo, score)
