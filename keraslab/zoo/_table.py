"""What architectures with rows of a table have in common: their inputs and their encoder."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B


def table_inputs(
    numbers: Any, categories: Mapping[str, Any], function: str, *, reserved: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the inputs of a row: `numbers`, and ids `(batch, 1)` for each categorical column.

    Raises:
        ValueError: If there are no columns, or one has no values or the name of another input.
    """
    for column, values in categories.items():
        if isinstance(values, bool) or not isinstance(values, Integral) or values < 1:
            raise ValueError(
                f"{function}(categories=...): each column has its number of values, such as "
                f"{{'colour': 5}}. Received: {column!r}: {values!r}."
            )
        if column == "numbers" or column in reserved:
            raise ValueError(
                f"{function}(categories=...): {column!r} is the name of another input. "
                f"Try: {column + '_id'!r}."
            )
    if isinstance(numbers, bool) or not isinstance(numbers, Integral) or numbers < 0:
        raise ValueError(
            f"{function}(numbers=...): must be a whole number, 0 or more. Received: {numbers!r}."
        )
    if not numbers and not categories:
        raise ValueError(f"{function}(numbers=...): the table has no columns. Received: 0. Try: 3.")
    inputs = {"numbers": keras.Input((numbers,), name="numbers")} if numbers else {}
    for column in categories:
        inputs[column] = keras.Input((1,), dtype="int32", name=column)
    return inputs


@dataclass(eq=False, repr=False)
class Embeddings(B.Block):
    """A vector for each categorical value; side by side with the numbers."""

    width: int
    categories: Mapping[str, int]

    def wire(self, row: Any) -> Any:
        """Connect the columns of a row, a dict as `table_inputs` returns."""
        columns = [row["numbers"]] if "numbers" in row else []
        for column, values in self.categories.items():
            vector = self.use(f"embed_{column}", L.Embedding, values, self.width)(row[column])
            columns.append(self.use(f"flat_{column}", L.Flatten)(vector))
        return self.use("row", L.Concatenate)(columns) if len(columns) > 1 else columns[0]


@dataclass(eq=False, repr=False)
class Table(B.Block):
    """A row as one vector: embeddings and numbers, and a hidden layer."""

    embedding: int
    categories: Mapping[str, int]
    hidden: int

    def wire(self, row: Any) -> Any:
        """Connect the parts to the columns of a row."""
        x = self.use("columns", Embeddings, self.embedding, self.categories)(row)
        return self.use("hidden", L.Dense, self.hidden, activation="relu")(x)
