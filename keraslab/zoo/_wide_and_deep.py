"""Wide and deep: memory of particular pairs beside a network that generalises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._checks import full_precision
from keraslab.zoo._settings import checked, count, counts, natural
from keraslab.zoo._table import Embeddings, columns, table_inputs

# The categorical columns of the paper's figure 4, with small vocabularies.
_CATEGORIES = {
    "demographics": 100,
    "device_class": 20,
    "installed_app": 1000,
    "impression_app": 1000,
}


def _crosses(value: Any, where: str) -> tuple[tuple[str, str], ...]:
    pairs = value if isinstance(value, (list, tuple)) else None
    if pairs is None or not all(isinstance(pair, (list, tuple)) for pair in pairs):
        raise ValueError(
            f"{where}: must be a list of pairs of columns, such as [('user', 'item')]. "
            f"Received: {value!r}."
        )
    return tuple(tuple(pair) for pair in pairs)


@checked(
    numbers=natural,
    # Also names of layers inside `wide`, which has one with the name of each column.
    categories=columns(
        _CATEGORIES, "wide", "deep", "add", "output", "sum", "flat", prefixes=("pair_", "cross_")
    ),
    crosses=_crosses,
    embedding=count,
    hidden=counts,
)
def wide_and_deep(
    numbers: int = 3,
    categories: Mapping[str, int] | None = None,
    crosses: Sequence[tuple[str, str]] = (("installed_app", "impression_app"),),
    *,
    embedding: int = 32,
    hidden: Sequence[int] = (1024, 512, 256),
    activation: str = "sigmoid",
    name: str = "wide_and_deep",
) -> keras.Model:
    """Return the wide and deep model for rows of a table: will the app on show be installed?

    After Cheng et al. 2016, "Wide & Deep Learning for Recommender Systems",
    https://arxiv.org/abs/1606.07792. The wide part is linear: a weight for each categorical value
    and for each pair of values of two crossed columns, so it remembers that this one goes with
    that one. The deep part embeds each categorical value in 32 numbers and passes them with the
    numeric columns through three layers of 1,024, 512 and 256, so it can say something about
    pairs never seen. Their sum passes one sigmoid, and both are trained together.

    Look at the two paths of very different length from one input, and at where the parameters
    lie: a crossed column of 1,000 by 1,000 values has a million weights.

    Args:
        numbers: How many numeric columns, 0 or more. They should be scaled.
        categories: Name of each categorical column and how many values it has; by default
            columns as in the paper's figure, with small vocabularies.
        crosses: Pairs of categorical columns that get a weight for each pair of values.
        embedding: Width of the vector of each categorical value.
        hidden: Widths of the deep part's layers.
        activation: Of the output; `"linear"` gives logits.
        name: Of the model.

    Returns:
        A model from a dict of `numbers` and one entry of ids `(batch, 1)` for each categorical
        column, to `(batch, 1)`; the loss is `"binary_crossentropy"`.

    Raises:
        ValueError: If a setting is out of range or a crossed column is none of the table's.

    Example:
        >>> model = wide_and_deep(2, {"user": 9, "item": 5}, [("user", "item")], hidden=(16, 8))
        >>> wide = [layer for layer in model.layers if layer.name == "wide__cross_user_item"][0]
        >>> wide.count_params()  # 9*5
        45
    """
    table = categories or {}
    for pair in crosses:
        if len(pair) != 2 or pair[0] == pair[1] or not all(column in table for column in pair):
            raise ValueError(
                f"wide_and_deep(crosses=...): must be pairs of two of the columns "
                f"{', '.join(map(repr, table))}. Received: {tuple(pair)!r}."
            )
    joined = [f"{a}_{b}" for a, b in crosses]
    for a, b in crosses:
        if joined.count(f"{a}_{b}") > 1:
            raise ValueError(
                f"wide_and_deep(crosses=...): a cross gives the layer 'cross_{a}_{b}' its name, "
                f"and two would have it. Received: {tuple(crosses)!r}. Leave one out or rename a "
                f"column."
            )
    row = table_inputs(numbers, table, "wide_and_deep")
    wide = _Wide(table, tuple((a, b) for a, b in crosses), name="wide")
    deep = _Deep(embedding, table, tuple(hidden), name="deep")
    both = [wide(row), deep(row)] if table else [deep(row)]
    y = L.Add(name="add")(both) if len(both) > 1 else both[0]
    return keras.Model(
        row, L.Activation(activation, name="output", **full_precision())(y), name=name
    )


@dataclass(eq=False, repr=False)
class _Wide(B.Block):
    """A weight for each value of each column, and for each pair of values of a cross."""

    categories: Mapping[str, int]
    crosses: tuple[tuple[str, str], ...]

    def wire(self, row: Any) -> Any:
        ids = {column: (row[column], values) for column, values in self.categories.items()}
        for a, b in self.crosses:
            rows, wide = self.categories[a], self.categories[b]
            pair = self.use(f"pair_{a}_{b}", _pair_model, wide)([row[a], row[b]])
            ids[f"cross_{a}_{b}"] = (pair, rows * wide)
        weights = [
            self.use(column, L.Embedding, values, 1, embeddings_initializer="zeros")(x)
            for column, (x, values) in ids.items()
        ]
        total = self.use("sum", L.Add)(weights) if len(weights) > 1 else weights[0]
        return self.use("flat", L.Flatten)(total)


def _pair_model(wide: int, *, name: str) -> Any:
    """Return a small model without weights: two ids in, the id of their pair out."""
    a, b = (keras.Input((1,), dtype="int32") for _ in range(2))
    return keras.Model([a, b], a * wide + b, name=name)


@dataclass(eq=False, repr=False)
class _Deep(B.Block):
    """Embeddings and numbers side by side through layers of falling width."""

    embedding: int
    categories: Mapping[str, int]
    hidden: tuple[int, ...]

    def wire(self, row: Any) -> Any:
        x = self.use("columns", Embeddings, self.embedding, self.categories)(row)
        for i, width in enumerate(self.hidden, start=1):
            x = self.use(f"hidden{i}", L.Dense, width, activation="relu")(x)
        return self.use("output", L.Dense, 1)(x)
