# FAMILY: values
# LINE: 14
# CAUSE: encoder_stage
# TEACHER: encoder_stage has no return, so feat is None after the first round; end the function
#   with `return x`.

import keras
from keras.layers import BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D, ReLU

WIDTHS = [8, 16, 32]


def encoder_stage(x, filters, stride):
    x = Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    x = BatchNormalization()(x)
    x = ReLU()(x)
    x = Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = BatchNormalization()(x)
    x = ReLU()(x)


leaf = keras.Input(shape=(48, 48, 3), name="leaf")
feat = Conv2D(WIDTHS[0], 5, padding="same", name="stem")(leaf)
for i, w in enumerate(WIDTHS):
    feat = encoder_stage(feat, w, stride=1 if i == 0 else 2)

feat = GlobalAveragePooling2D()(feat)
disease = Dense(6, activation="softmax")(feat)
classifier = keras.Model(leaf, disease)
classifier.summary()
