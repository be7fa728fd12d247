# WANT: a squeeze-and-excite block as an own layer
# FAMILY: merge
# LINE: 24
# CAUSE: expand
# SENTENCE: `expand` gives 4 values but the map has 16 channels: the second Dense must go back to the full number of channels.
# FIX: LINE 16:         self.expand = layers.Dense(channels, activation="sigmoid", name="expand")
# ruff: noqa: E501
import keras
from keras import layers, ops


class ChannelGate(layers.Layer):
    def __init__(self, channels, ratio=4, **kwargs):
        super().__init__(**kwargs)
        self.squeeze = layers.Dense(channels // ratio, activation="relu", name="squeeze")
        self.expand = layers.Dense(channels // ratio, activation="sigmoid", name="expand")

    def build(self, shape):
        self.squeeze.build((None, shape[-1]))
        self.expand.build((None, self.squeeze.units))

    def call(self, x):
        gate = self.expand(self.squeeze(ops.mean(x, axis=(1, 2))))
        return x * gate[:, None, None, :]


leaf = keras.Input((8, 8, 3), name="leaf")
x = layers.Conv2D(16, 3, padding="same", activation="relu")(leaf)
x = ChannelGate(16, name="gate")(x)
model = keras.Model(leaf, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
