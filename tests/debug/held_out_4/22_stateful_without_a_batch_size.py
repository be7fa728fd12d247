# FAMILY: sequence
# LINE: 20
# CAUSE: stateful
# TEACHER: stateful=True keeps one state a sample, so the Input must fix the batch:
#   batch_size=BATCH, or leave stateful out.

import keras
from keras import layers

BATCH = 16
LOOKBACK = 10


def stateful_forecaster(n_series, cells):
    past = keras.Input(shape=(LOOKBACK, n_series), name="past")
    seq = past
    for depth, units in enumerate(cells):
        deeper = depth + 1 < len(cells)
        rnn = layers.LSTM(units, stateful=True, return_sequences=deeper, name=f"lstm{depth}")
        seq = rnn(seq)
    nxt = layers.Dense(n_series, name="next_step")(seq)
    return keras.Model(past, nxt)


model = stateful_forecaster(n_series=3, cells=(20, 10))
model.compile(loss="mean_squared_error", optimizer="adam")
