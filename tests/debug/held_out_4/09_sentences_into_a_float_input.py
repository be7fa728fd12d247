# FAMILY: input
# LINE: 29
# CAUSE: headline
# TEACHER: headline is an Input without dtype="string", so the vectoriser is handed floats instead
#   of text.

import keras
import numpy as np
import tensorflow as tf
from keras import layers

corpus = ["shares fall after warning", "team wins the cup", "new phone is out", "rain all week"]

vectorize = layers.TextVectorization(max_tokens=200, output_sequence_length=8)
vectorize.adapt(corpus)


def newsroom(n_topics):
    headline = keras.Input(shape=(1,), name="headline")
    ids = vectorize(headline)
    words = layers.Embedding(200, 16)(ids)
    mean = layers.GlobalAveragePooling1D()(words)
    topic = layers.Dense(n_topics, activation="softmax", name="topic")(mean)
    return keras.Model(headline, topic)


desk = newsroom(n_topics=4)
desk.compile("adam", "sparse_categorical_crossentropy")
desk.fit(tf.constant(corpus), np.arange(4), epochs=1, verbose=0)
