# FAMILY: sequence
# LINE: 31
# CAUSE: enc_seq
# TEACHER: Attention compares dec_seq (16 wide) with enc_seq (32 wide, both directions together);
#   they must be equally wide: project enc_seq to 16 or make the decoder 32.

import keras
import numpy as np
from keras import layers

UNITS = 16
rng = np.random.default_rng(24)

past = keras.Input(shape=(48, 5), name="past")
enc_seq = layers.Bidirectional(layers.GRU(UNITS, return_sequences=True), name="enc")(past)

known = keras.Input(shape=(12, 2), name="known")
dec_seq = layers.GRU(UNITS, return_sequences=True, name="dec")(known)

attention = layers.Attention(name="luong")
context = attention([dec_seq, enc_seq])
h = layers.Concatenate()([dec_seq, context])
h = layers.LayerNormalization()(h)
forecast = layers.Dense(1, name="forecast")(h)

model = keras.Model(inputs=[past, known], outputs=forecast)
model.compile(optimizer="adam", loss="huber")

x = [rng.normal(size=(32, *shape)).astype("float32") for shape in ((48, 5), (12, 2))]
y = rng.normal(size=(32, 12, 1)).astype("float32")
model.fit(x, y, batch_size=16, verbose=0)
