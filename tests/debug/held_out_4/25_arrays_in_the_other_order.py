# FAMILY: fit
# LINE: 32
# CAUSE: sketch
# TEACHER: predict gets the arrays in another order than the model's inputs: first sketch (24, 24,
#   1), then profile.

import keras
import numpy as np
from keras import layers

sketch = keras.Input((24, 24, 1), name="sketch")
profile = keras.Input((7,), name="profile")

eye = layers.Conv2D(6, 5, strides=2, activation="relu")(sketch)
eye = layers.Flatten()(eye)
who = layers.Dense(12, activation="relu")(profile)
both = layers.concatenate([eye, who])
both = layers.Dense(16, activation="relu")(both)
age = layers.Dense(1, name="age")(both)

model = keras.Model(inputs=[sketch, profile], outputs=age)
model.compile("adam", "mae")

rng = np.random.default_rng(5)
data = {
    "profile": rng.normal(size=(30, 7)).astype("float32"),
    "sketch": rng.random((30, 24, 24, 1)).astype("float32"),
}
years = rng.uniform(18, 80, size=(30, 1)).astype("float32")
model.fit([data["sketch"], data["profile"]], years, epochs=1, verbose=0)

guess = model.predict(list(data.values()), verbose=0)
print(guess.mean())
