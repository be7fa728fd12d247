# FAMILY: sequence
# LINE: 15
# CAUSE: Bidirectional
# TEACHER: A Bidirectional LSTM with return_state gives five values (the output, two states forward,
#   two backward), and three names wait for them.

import keras
from keras import layers

SOURCE, TARGET, WIDTH = 300, 280, 16

source = keras.Input((None,), dtype="int32", name="source")
embedded = layers.Embedding(SOURCE, WIDTH)(source)
reader = layers.Bidirectional(layers.LSTM(WIDTH, return_state=True))
_, state_h, state_c = reader(embedded)

target = keras.Input((None,), dtype="int32", name="target")
spoken = layers.Embedding(TARGET, WIDTH)(target)
writer = layers.LSTM(WIDTH, return_sequences=True)
spoken = writer(spoken, initial_state=[state_h, state_c])
next_word = layers.Dense(TARGET, activation="softmax")(spoken)

translator = keras.Model([source, target], next_word)
translator.compile("adam", "sparse_categorical_crossentropy")
