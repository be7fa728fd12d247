"""What architectures with rows of a table have in common: their inputs and their encoder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._names import check_name
from keraslab.zoo._settings import Rule, count


def columns(default: Mapping[str, int], *reserved: str, prefixes: tuple[str, ...] = ()) -> Rule:
    """Return the rule for categorical columns and how many values each has.

    Args:
        default: The columns that `None` stands for.
        *reserved: Names of the model's own inputs, layers and blocks, which no column may have.
        prefixes: What names of its own begin with, and no column's may.
    """
    reserved = ("numbers", *reserved)
    taken = ", ".join(map(repr, [*reserved, *(f"{prefix}..." for prefix in prefixes)]))

    def rule(value: Any, where: str) -> dict[str, int]:
        given = default if value is None else value
        if not isinstance(given, Mapping):
            raise ValueError(
                f"{where}: must be a dict of columns and how many values each has, such as "
                f"{{'colour': 5}}. Received: {value!r}."
            )
        made = {}
        for column, values in given.items():
            check_name(column, where)
            if column in reserved or column.startswith(prefixes):
                hint = f"my_{column}" if column.startswith(prefixes) else f"{column}_id"
                raise ValueError(
                    f"{where}: {column!r} is the name of another input or layer, as are {taken}. "
                    f"Try: {hint!r}."
                )
            try:
                made[column] = count(values, where)
            except ValueError as error:
                raise ValueError(
                    f"{where}: each column has its number of values, such as {{'colour': 5}}. "
                    f"Received: {column!r}: {values!r}."
                ) from error
        return made

    return rule


def table_inputs(numbers: int, categories: Mapping[str, int], function: str) -> dict[str, Any]:
    """Return the inputs of a row: `numbers`, and ids `(batch, 1)` for each categorical column.

    Raises:
        ValueError: If there are no columns.
    """
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
