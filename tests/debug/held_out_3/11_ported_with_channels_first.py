# FAMILY: input
# LINE: 18
# CAUSE: photo
# TEACHER: The shape (3, 64, 64) is the channels-first order of another library; Keras wants
#   photo as (64, 64, 3).

from keras import Input, Model
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D

# ported from a torch network; there the tensors are N x C x H x W
C, H, W = 3, 64, 64
widths = [16, 32, 64]

photo = Input(shape=(C, H, W), name="photo")
h = photo
for w in widths:
    h = Conv2D(w, 3, padding="same", activation="relu")(h)
    h = MaxPooling2D(2)(h)
h = Flatten()(h)
h = Dense(128, activation="relu")(h)
breed = Dense(37, activation="softmax", name="breed")(h)

pets = Model(photo, breed)
pets.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
