# FAMILY: graph
# LINE: 26
# CAUSE: sep_conv
# TEACHER: Each call of the block makes another layer of the same name sep_conv; names in one
#   model must be unique.

import keras
from keras import layers


def block(signal, filters, dilation):
    skip = layers.Conv1D(filters, 1)(signal)
    signal = layers.SeparableConv1D(
        filters, 5, dilation_rate=dilation, padding="same", name="sep_conv"
    )(signal)
    signal = layers.Activation("gelu")(signal)
    return layers.Add()([signal, skip])


wave = keras.Input((128, 2), name="ecg")
t = wave
for d in (1, 2, 4):
    t = block(t, 16, dilation=d)
t = layers.GlobalAveragePooling1D()(t)
rhythm = layers.Dense(4, activation="softmax", name="rhythm")(t)
ecg_net = keras.Model(wave, rhythm)
ecg_net.compile("adam", "sparse_categorical_crossentropy")
