# FAMILY: sequence
# LINE: 14
# CAUSE: return_state
# TEACHER: With return_state=True the GRU gives its output and its state, a list; take the first or
#   leave the argument out.

from keras import Input, Model
from keras.layers import GRU, BatchNormalization, Dense

load = Input(shape=(24, 4), name="load")
gru = GRU(20, return_state=True, dropout=0.1)
h = gru(load)
for units in (12, 8):
    h = Dense(units, activation="relu")(h)
    h = BatchNormalization()(h)
tomorrow = Dense(24, name="tomorrow")(h)

forecaster = Model(inputs=load, outputs=tomorrow)
forecaster.compile(optimizer="adam", loss="mae")
forecaster.summary()
