# FAMILY: merge
# LINE: 16
# CAUSE: squeeze
# TEACHER: The gate still has the squeezed channels; a second Dense with all the channels is
#   missing before the multiply.

from keras import layers, models

RATIO = 4


def se_block(fmap, tag):
    channels = fmap.shape[-1]
    gate = layers.GlobalAveragePooling2D(keepdims=True)(fmap)
    gate = layers.Dense(channels // RATIO, activation="sigmoid", name=f"squeeze{tag}")(gate)
    return layers.multiply([fmap, gate])


img_in = layers.Input(shape=(40, 40, 3), name="leaf")
y = layers.Conv2D(32, 3, activation="relu", padding="same")(img_in)
y = se_block(y, "")
y = layers.MaxPooling2D()(y)
y = layers.Conv2D(64, 3, activation="relu", padding="same")(y)
y = se_block(y, "_2")
y = layers.GlobalAveragePooling2D()(y)
y = layers.Dropout(0.3)(y)
disease = layers.Dense(12, activation="softmax", name="disease")(y)
leafnet = models.Model(img_in, disease)
