# WANT: ask a trained model about one single photo
# FAMILY: fit
# LINE: 21
# CAUSE: photo
# SENTENCE: `photo` is one picture (18, 18, 3) and the model wants a batch of them: photo[None], which is (1, 18, 18, 3).
# FIX: LINE 21: print(model.predict(photo[None], verbose=0))
# ruff: noqa: E501
import numpy as np
from keras import Input, Model
from keras import layers as L

rng = np.random.default_rng(26)
photos = rng.random((8, 18, 18, 3)).astype("float32")
picture = Input((18, 18, 3), name="picture")
x = L.Conv2D(4, 3, activation="relu")(picture)
x = L.Flatten()(x)
model = Model(picture, L.Dense(2, activation="softmax")(x))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(photos, np.arange(8) % 2, epochs=1, verbose=0)
photo = photos[3]
print(model.predict(photo, verbose=0))
