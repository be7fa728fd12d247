# FAMILY: sequence
# LINE: 17
# CAUSE: LSTM
# TEACHER: RNN takes cells and steps through time itself; LSTM is a whole layer already: use
#   LSTMCell(units), or stack LSTM layers without RNN.

import keras
from keras import layers


def gait_model(steps, sensors, units, people):
    walk = keras.Input(shape=(steps, sensors), name="walk")
    scaled = layers.LayerNormalization()(walk)

    # two storeys of memory, as MultiRNNCell did
    storeys = [layers.LSTM(n) for n in units]
    memory = layers.RNN(storeys, name="memory")(scaled)

    hidden = layers.Dense(24, activation="relu")(memory)
    hidden = layers.Dropout(0.4)(hidden)
    who = layers.Dense(people, activation="softmax", name="who")(hidden)
    return keras.Model(walk, who)


gait = gait_model(steps=50, sensors=6, units=(24, 12), people=9)
gait.compile(
    optimizer=keras.optimizers.RMSprop(1e-3),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
