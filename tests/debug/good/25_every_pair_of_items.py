# All pairs of two sets: the table of products is wanted here.
import numpy as np
from keras import Input, Model
from keras import layers as L

rng = np.random.default_rng(125)
people = Input((6, 5), name="people")
tasks = Input((4, 7), name="tasks")
p = L.Dense(8, name="p")(people)
t = L.Dense(8, name="t")(tasks)
pairs = L.Dot(axes=2, name="pairs")([p, t])
model = Model({"people": people, "tasks": tasks}, L.Softmax(axis=-1, name="plan")(pairs))
model.compile(optimizer="adam", loss="categorical_crossentropy")
x = {"people": rng.normal(size=(9, 6, 5)), "tasks": rng.normal(size=(9, 4, 7))}
y = np.eye(4)[rng.integers(0, 4, (9, 6))]
