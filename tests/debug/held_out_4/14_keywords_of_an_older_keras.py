# FAMILY: graph
# LINE: 21
# CAUSE: outputs
# TEACHER: Model takes inputs= and outputs=, in the plural; input= and output= are of Keras 1.

from keras.layers import LSTM, Dense, Embedding, Input, concatenate
from keras.models import Model

# main input: headlines as 50 word numbers; auxiliary input: 5 numbers beside each
main_input = Input(shape=(50,), dtype="int32", name="main_input")
embedded = Embedding(input_dim=1000, output_dim=24)(main_input)
lstm_out = LSTM(16)(embedded)
auxiliary_output = Dense(1, activation="sigmoid", name="aux_output")(lstm_out)

auxiliary_input = Input(shape=(5,), name="aux_input")
merged = concatenate([lstm_out, auxiliary_input])
for _ in range(3):
    merged = Dense(32, activation="relu")(merged)
main_output = Dense(1, activation="sigmoid", name="main_output")(merged)

model = Model(input=[main_input, auxiliary_input], output=[main_output, auxiliary_output])
model.compile(
    optimizer="rmsprop",
    loss="binary_crossentropy",
    loss_weights=[1.0, 0.2],
)
