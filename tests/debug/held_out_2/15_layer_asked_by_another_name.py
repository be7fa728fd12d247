# WANT: read the hidden code of a trained model
# FAMILY: graph
# LINE: 15
# CAUSE: latent_code
# SENTENCE: there is no layer `latent`: the layer is called `latent_code`.
# FIX: LINE 15: code = model.get_layer("latent_code").output
from keras import Input, Model
from keras import layers as L

spectrum = Input((32,), name="spectrum")
x = L.Dense(16, activation="relu", name="squeeze")(spectrum)
latent = L.Dense(3, name="latent_code")(x)
x = L.Dense(16, activation="relu", name="unsqueeze")(latent)
model = Model(spectrum, L.Dense(32, name="spectrum_again")(x))
code = model.get_layer("latent").output
encoder = Model(model.input, code)
