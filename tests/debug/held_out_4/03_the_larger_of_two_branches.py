# FAMILY: values
# LINE: 21
# CAUSE: max
# TEACHER: Python's max compares its arguments and a symbolic tensor is neither larger nor
#   smaller; take layers.Maximum()([a, b]).

import keras
from keras import layers


class MaxoutHead:
    """Two linear pieces, the larger one counts."""

    def __init__(self, units, name):
        self.first = layers.Dense(units, name=f"{name}_a")
        self.second = layers.Dense(units, name=f"{name}_b")

    def __call__(self, x):
        a = self.first(x)
        b = self.second(x)
        return max(a, b)


def build(n_genes, n_types):
    genes = keras.Input(shape=(n_genes,), name="genes")
    x = layers.BatchNormalization()(genes)
    x = MaxoutHead(32, "piece1")(x)
    x = layers.Dropout(0.3)(x)
    x = MaxoutHead(16, "piece2")(x)
    return keras.Model(genes, layers.Dense(n_types, activation="softmax")(x))


cell_typer = build(n_genes=200, n_types=7)
cell_typer.compile("adam", "categorical_crossentropy")
