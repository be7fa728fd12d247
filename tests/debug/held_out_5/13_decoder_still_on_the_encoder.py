# FAMILY: graph
# LINE: 25
# CAUSE: encoder_inputs
# TEACHER: decoder_outputs was computed from the states of encoder_inputs; call the decoder again on
#   the two state inputs first.

from keras import Input, Model
from keras.layers import LSTM, Dense

SRC, TGT, LATENT = 14, 17, 12

encoder_inputs = Input(shape=(None, SRC), name="encoder_inputs")
_, state_h, state_c = LSTM(LATENT, return_state=True)(encoder_inputs)

decoder_inputs = Input(shape=(None, TGT), name="decoder_inputs")
decoder_lstm = LSTM(LATENT, return_sequences=True, return_state=True)
decoder_outputs, h, c = decoder_lstm(decoder_inputs, initial_state=[state_h, state_c])
decoder_outputs = Dense(TGT, activation="softmax")(decoder_outputs)
training_model = Model([encoder_inputs, decoder_inputs], decoder_outputs)

# for sampling, one character at a time
encoder_model = Model(encoder_inputs, [state_h, state_c])
state_input_h = Input(shape=(LATENT,), name="state_input_h")
state_input_c = Input(shape=(LATENT,), name="state_input_c")
decoder_model = Model(
    [decoder_inputs, state_input_h, state_input_c],
    [decoder_outputs, h, c],
)
