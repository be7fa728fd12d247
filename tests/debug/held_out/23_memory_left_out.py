# WANT: attention of a question over a memory
# FAMILY: graph
# LINE: 14
# CAUSE: memory
# SENTENCE: the answer also depends on the Input `memory`, which is missing from inputs=.
# FIX: LINE 14: model = Model(inputs={"question": question, "memory": memory}, outputs=answer)
from keras import Input, Model, layers

question = Input((5, 8), name="question")
memory = Input((30, 8), name="memory")
found = layers.MultiHeadAttention(num_heads=2, key_dim=4, name="look")(question, memory)
mixed = layers.LayerNormalization()(question + found)
answer = layers.Dense(1, name="answer")(layers.GlobalAveragePooling1D()(mixed))
model = Model(inputs={"question": question}, outputs=answer)
model.compile(optimizer="adam", loss="mse")
