# WANT: encode every frame of a clip with one dense layer
# FAMILY: values
# LINE: 17
# CAUSE: frames
# SENTENCE: `frames` is symbolic and has no len(): its number of steps is `frames.shape[1]`.
# FIX: LINE 17:         for step in range(frames.shape[1]):
import keras
from keras import layers


class ClipModel:
    def __init__(self, units):
        self.shared = layers.Dense(units, activation="tanh", name="frame_code")

    def encode(self, frames):
        codes = []
        for step in range(len(frames)):
            codes.append(self.shared(frames[:, step]))
        return layers.Average(name="mean_code")(codes)

    def build(self):
        clip = keras.Input((6, 10), name="clip")
        return keras.Model(clip, layers.Dense(3, name="action")(self.encode(clip)))


model = ClipModel(8).build()
model.compile("adam", "mse")
