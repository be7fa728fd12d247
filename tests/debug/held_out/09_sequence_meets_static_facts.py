# WANT: join a summary of the visits with facts about the person
# FAMILY: merge
# LINE: 14
# CAUSE: visits_code
# SENTENCE: `visits_code` still has one vector per visit (3-D) because of return_sequences=True, and the facts are one vector (2-D).
# FIX: LINE 12: visits_code = keras.layers.GRU(8, name="visits_code")(visits)
# ruff: noqa: E501
import keras

visits = keras.Input(shape=(12, 4), name="visits")
facts = keras.Input(shape=(5,), name="facts")
visits_code = keras.layers.GRU(8, return_sequences=True, name="visits_code")(visits)
facts_code = keras.layers.Dense(8, activation="relu", name="facts_code")(facts)
joined = keras.layers.concatenate([visits_code, facts_code])
stay = keras.layers.Dense(1, name="stay")(joined)
model = keras.Model(inputs={"visits": visits, "facts": facts}, outputs=stay)
model.compile(optimizer="adam", loss="mse")
