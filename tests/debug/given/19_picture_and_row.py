# FAMILY: merge
# LINE: 12
# CAUSE: y
# SENTENCE: The picture's branch still has height and width; Dense did not flatten it.
# FIX: layers.GlobalAveragePooling2D()(y)
import keras
from keras import layers

photo = keras.Input((8, 8, 3), name="photo")
facts = keras.Input((5,), name="facts")
y = layers.Dense(16)(photo)
out = layers.Concatenate()([y, facts])
model = keras.Model([photo, facts], out)
