# FAMILY: sequence
# LINE: 24
# CAUSE: clip
# TEACHER: TimeDistributed takes axis 1 for time, but clip is one picture: the number of frames
#   is missing from its shape.

import keras
from keras import layers

N_FRAMES = 8


def frame_encoder(side):
    frame = keras.Input((side, side, 3), name="frame")
    v = layers.Conv2D(8, 3, activation="relu")(frame)
    v = layers.Conv2D(16, 3, activation="relu")(v)
    v = layers.GlobalAveragePooling2D()(v)
    return keras.Model(frame, v, name="frame_encoder")


def video_classifier(side=24, n_gestures=5):
    encoder = frame_encoder(side)
    clip = keras.Input((side, side, 3), name="clip")
    per_frame = layers.TimeDistributed(encoder, name="each_frame")(clip)
    summary = layers.LSTM(16)(per_frame)
    gesture = layers.Dense(n_gestures, activation="softmax")(summary)
    return keras.Model(clip, gesture)


gestures = video_classifier()
gestures.compile("adam", "categorical_crossentropy")
