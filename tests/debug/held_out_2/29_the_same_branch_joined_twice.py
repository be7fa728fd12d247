# WANT: judge an advert by its picture and its title
# FAMILY: silent
# LINE: -
# CAUSE: banner
# SENTENCE: `title_code` is joined with itself, so nothing from the input `banner` reaches the answer: join banner_code and title_code.
# FIX: LINE 18: both = L.Concatenate(name="both")([banner_code, title_code])
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras import layers as L

banner = Input((16, 16, 3), name="banner")
title = Input((8,), dtype="int32", name="title")
banner_code = L.Conv2D(6, 3, strides=2, activation="relu", name="look")(banner)
banner_code = L.GlobalAveragePooling2D(name="banner_code")(banner_code)
title_code = L.Embedding(60, 6, name="words")(title)
title_code = L.GlobalAveragePooling1D(name="title_code")(title_code)
both = L.Concatenate(name="both")([title_code, title_code])
clicked = L.Dense(1, activation="sigmoid", name="clicked")(both)
model = Model([banner, title], clicked)
model.compile(optimizer="adam", loss="binary_crossentropy")
rng = np.random.default_rng(29)
x = [rng.random((16, 16, 16, 3)).astype("float32"), rng.integers(1, 60, (16, 8))]
y = rng.integers(0, 2, (16, 1))
