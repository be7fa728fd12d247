# FAMILY: values
# LINE: 16
# CAUSE: tf.shape
# TEACHER: TensorFlow functions cannot take the symbolic tensor mu; use keras.ops inside a layer.

import keras
import numpy as np
import tensorflow as tf
from keras import layers

LATENT = 4


def sample(args):
    mu, log_var = args
    eps = tf.random.normal(shape=tf.shape(mu))
    return mu + tf.exp(0.5 * log_var) * eps


def build_vae(n_features):
    enc_in = layers.Input(shape=(n_features,), name="spectrum")
    h = layers.Dense(32, activation="relu")(enc_in)
    mu = layers.Dense(LATENT, name="mu")(h)
    log_var = layers.Dense(LATENT, name="log_var")(h)
    z = sample([mu, log_var])
    h = layers.Dense(32, activation="relu")(z)
    dec_out = layers.Dense(n_features, activation="sigmoid")(h)
    return keras.Model(enc_in, dec_out, name="vae")


rng = np.random.default_rng(3)
spectra = rng.random((64, 20)).astype("float32")
vae = build_vae(20)
vae.compile("adam", "mse")
vae.fit(spectra, spectra, epochs=1, verbose=0)
