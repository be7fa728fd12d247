# A linear wide path beside a deep one, one logit out.
import numpy as np
from keras import Input, Model
from keras.layers import Add, Dense
from keras.losses import BinaryCrossentropy

rng = np.random.default_rng(112)
row = Input((8,), name="row")
wide = Dense(1, use_bias=False, name="wide")(row)
deep = Dense(16, activation="relu")(row)
deep = Dense(8, activation="relu")(deep)
deep = Dense(1, name="deep")(deep)
model = Model(row, Add(name="logit")([wide, deep]))
model.compile(optimizer="adam", loss=BinaryCrossentropy(from_logits=True))
x = rng.normal(size=(24, 8))
y = (x[:, :1] > 0).astype("float32")
