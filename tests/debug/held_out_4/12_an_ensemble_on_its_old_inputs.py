# FAMILY: graph
# LINE: 27
# CAUSE: frame
# TEACHER: Every m.output hangs on that member's own input, none on frame; call each member on it:
#   m(frame).

import keras
from keras import layers


def member(seed):
    init = keras.initializers.GlorotUniform(seed=seed)
    inp = keras.Input((20, 20, 1), name=f"in_{seed}")
    z = layers.Conv2D(6 + seed, 3, activation="relu", kernel_initializer=init)(inp)
    z = layers.GlobalMaxPooling2D()(z)
    out = layers.Dense(4, activation="softmax", kernel_initializer=init)(z)
    return keras.Model(inp, out, name=f"member_{seed}")


members = [member(seed) for seed in range(3)]
for m in members:
    m.trainable = False

frame = keras.Input((20, 20, 1), name="frame")
votes = [m.output for m in members]
mean_vote = layers.Average(name="mean_vote")(votes)
ensemble = keras.Model(inputs=frame, outputs=mean_vote, name="ensemble")
ensemble.compile(loss="categorical_crossentropy")
