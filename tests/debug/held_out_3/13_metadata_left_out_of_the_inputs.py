# FAMILY: graph
# LINE: 25
# CAUSE: meta
# TEACHER: The outputs depend on meta too, but only picture is given as an input.

from keras.layers import Concatenate, Conv2D, Dense, Dropout, GlobalMaxPooling2D, Input
from keras.models import Model


def image_branch(t):
    for n in (8, 16):
        t = Conv2D(n, 3, activation="relu")(t)
    return GlobalMaxPooling2D()(t)


def skin_lesion_model(side=32, n_meta=4):
    picture = Input((side, side, 3), name="picture")
    meta = Input((n_meta,), name="meta")  # age, sex, place, phototype

    a = image_branch(picture)
    b = Dense(8, activation="relu")(meta)
    joined = Concatenate()([a, b])
    joined = Dropout(0.4)(joined)
    risk = Dense(1, activation="sigmoid", name="risk")(joined)
    return Model(inputs=picture, outputs=risk)


lesions = skin_lesion_model()
lesions.compile("adam", "binary_crossentropy")
