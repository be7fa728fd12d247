# FAMILY: sequence
# LINE: 22
# CAUSE: fmap
# TEACHER: fmap is a map (8, 32, 32), not a sequence: turn the width into time and join height and
#   channels, Permute then Reshape((32, 256)).

import keras
from keras import layers


class PlateReader:
    height, width, alphabet = 32, 128, 37

    def convolutions(self, image):
        for filters in (16, 32):
            image = layers.Conv2D(filters, 3, padding="same", activation="relu")(image)
            image = layers.MaxPooling2D(2)(image)
        return image

    def recurrent(self, fmap):
        left_right = layers.Bidirectional(layers.LSTM(24, return_sequences=True))
        seq = left_right(fmap)
        return layers.Bidirectional(layers.LSTM(24, return_sequences=True))(seq)

    def build(self):
        plate = keras.Input((self.height, self.width, 1), name="plate")
        fmap = self.convolutions(plate)
        seq = self.recurrent(fmap)
        chars = layers.Dense(self.alphabet + 1, activation="softmax", name="chars")(seq)
        return keras.Model(plate, chars)


ocr = PlateReader().build()
ocr.summary()
