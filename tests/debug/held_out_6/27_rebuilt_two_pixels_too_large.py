# FAMILY: fit
# LINE: 28
# CAUSE: decoded
# TEACHER: 30 halves to 15 and then to 8, and doubled twice that is 32: decoded is 32x32, the
#   targets 30x30. Pad the pictures to 32 or crop decoded.

import keras
import numpy as np
from keras.layers import Conv2D, Input, MaxPooling2D, UpSampling2D

rng = np.random.default_rng(27)
x_train = rng.random((16, 30, 30, 1)).astype("float32")

input_img = Input(shape=(30, 30, 1))
x = Conv2D(8, (3, 3), activation="relu", padding="same")(input_img)
x = MaxPooling2D((2, 2), padding="same")(x)
x = Conv2D(4, (3, 3), activation="relu", padding="same")(x)
encoded = MaxPooling2D((2, 2), padding="same")(x)

x = Conv2D(4, (3, 3), activation="relu", padding="same")(encoded)
x = UpSampling2D((2, 2))(x)
x = Conv2D(8, (3, 3), activation="relu", padding="same")(x)
x = UpSampling2D((2, 2))(x)
decoded = Conv2D(1, (3, 3), activation="sigmoid", padding="same", name="decoded")(x)

autoencoder = keras.Model(input_img, decoded)
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.fit(x_train, x_train, epochs=1, batch_size=8, verbose=0)
