# FAMILY: values
# LINE: 21
# CAUSE: readings
# TEACHER: readings.shape[0] is the batch and is None while building; the twelve time steps are
#   readings.shape[1].

import keras
from keras import layers


class StepwiseModel:
    """One small Dense for every time step, the results concatenated."""

    def __init__(self, steps, channels):
        self.steps = steps
        self.channels = channels

    def build(self):
        readings = keras.Input((self.steps, self.channels), name="readings")
        parts = []
        for t in range(readings.shape[0]):
            step = readings[:, t, :]
            parts.append(layers.Dense(4, activation="tanh")(step))
        merged = layers.Concatenate()(parts)
        forecast = layers.Dense(1)(merged)
        return keras.Model(readings, forecast)


net = StepwiseModel(12, 3).build()
net.compile("adam", "mse")
