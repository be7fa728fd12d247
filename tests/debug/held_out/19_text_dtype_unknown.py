# WANT: look up city names given as text
# FAMILY: input
# LINE: 10
# CAUSE: city
# SENTENCE: `city` asks for dtype "str", which Keras does not know: its dtype for text is "string".
# FIX: LINE 10: city = Input(shape=(1,), dtype="string", name="city")
from keras import Input, Model, layers

names = ["Lima", "Oslo", "Pune"]
city = Input(shape=(1,), dtype="str", name="city")
age = Input(shape=(1,), name="age")
number = layers.StringLookup(vocabulary=names, name="number")(city)
place = layers.Flatten()(layers.Embedding(len(names) + 1, 3, name="place")(number))
rent = layers.Dense(1, name="rent")(layers.Concatenate()([place, age]))
model = Model(inputs={"city": city, "age": age}, outputs=rent)
model.compile(optimizer="adam", loss="mae")
