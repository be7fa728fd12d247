# FAMILY: shape
# LINE: 16
# CAUSE: patch
# TEACHER: A 20 x 20 patch is used up by the unpadded convolutions and poolings before the last
#   stage.

from keras import layers, models

# VGG-like recipe from the 224 pixel tutorial, here on small satellite patches
config = {"patch_side": 20, "bands": 4, "filters": (16, 32, 64, 64), "classes": 6}

patch = layers.Input((config["patch_side"], config["patch_side"], config["bands"]), name="patch")
feat = patch
for n in config["filters"]:
    feat = layers.Conv2D(n, 3, activation="relu")(feat)
    feat = layers.MaxPool2D((2, 2))(feat)

feat = layers.Flatten()(feat)
feat = layers.Dense(64, activation="relu")(feat)
landuse = layers.Dense(config["classes"], activation="softmax", name="landuse")(feat)
model = models.Model(patch, landuse)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
