# WANT: learn from triplets whether two faces are the same
# FAMILY: silent
# LINE: -
# CAUSE: face_code_negative
# SENTENCE: the negative face goes through `face_code_negative`, another layer with other weights, so its distances mean nothing: use `face_code` for all three.
# FIX: LINE 17: far = face_code(negative)
# ruff: noqa: E501
import numpy as np
from keras import Input, Model, ops
from keras import layers as L

anchor = Input((24,), name="anchor")
positive = Input((24,), name="positive")
negative = Input((24,), name="negative")
face_code = L.Dense(6, activation="tanh", name="face_code")
here, near = face_code(anchor), face_code(positive)
far = L.Dense(6, activation="tanh", name="face_code_negative")(negative)
near_gap = ops.sum((here - near) ** 2, axis=-1, keepdims=True)
far_gap = ops.sum((here - far) ** 2, axis=-1, keepdims=True)
model = Model([anchor, positive, negative], ops.sigmoid(far_gap - near_gap))
model.compile(optimizer="adam", loss="binary_crossentropy")
rng = np.random.default_rng(32)
x = [rng.normal(size=(20, 24)).astype("float32") for _ in range(3)]
y = np.ones((20, 1))
