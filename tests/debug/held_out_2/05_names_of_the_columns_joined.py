# WANT: join one input per column of a table
# FAMILY: values
# LINE: 12
# CAUSE: columns
# SENTENCE: going through the dictionary `columns` gives its keys, which are text; the tensors are columns.values().
# FIX: LINE 12: joined = L.Concatenate(name="joined")(list(columns.values()))
# ruff: noqa: E501
from keras import Input, Model
from keras import layers as L

columns = {name: Input((1,), name=name) for name in ("age", "income", "debts")}
joined = L.Concatenate(name="joined")(list(columns))
x = L.Dense(12, activation="relu")(joined)
repaid = L.Dense(1, activation="sigmoid", name="repaid")(x)
model = Model(columns, repaid)
model.compile(optimizer="adam", loss="binary_crossentropy")
