# FAMILY: input
# LINE: 15
# CAUSE: signal
# TEACHER: Conv1D wants steps and channels; the Input signal has shape (250,):
#   make it (250, 1).

import keras
from keras.layers import BatchNormalization, Conv1D, Dense, GlobalAveragePooling1D, MaxPooling1D

RATE = 125
SECONDS = 2


def conv_block(x, filters, kernel):
    x = Conv1D(filters, kernel, padding="same", activation="relu")(x)
    x = BatchNormalization()(x)
    return MaxPooling1D(2)(x)


signal = keras.Input(shape=(RATE * SECONDS,), name="signal")
x = signal
for filters, kernel in [(8, 7), (16, 5), (32, 3)]:
    x = conv_block(x, filters, kernel)
x = GlobalAveragePooling1D()(x)
beat = Dense(5, activation="softmax", name="beat")(x)

heart = keras.Model(signal, beat)
heart.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy")
