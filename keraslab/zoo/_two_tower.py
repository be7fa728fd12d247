"""Two towers: a person and a thing as two vectors that can be compared at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._checks import full_precision
from keraslab.zoo._settings import checked, count, counts, factor, maybe


class TwoTower(NamedTuple):
    """What `two_tower` returns; all three models share their weights.

    Attributes:
        query: From a dict of `user`, `context` and `history` to a vector of length 1.
        candidate: From a dict of `item` to a vector of length 1.
        model: From all of these to the probability that they go together, `(batch, 1)`.
    """

    query: keras.Model
    candidate: keras.Model
    model: keras.Model


@checked(
    users=count,
    items=count,
    context=count,
    history=maybe(count),
    embedding=count,
    hidden=counts,
    output=count,
    temperature=factor,
)
def two_tower(
    users: int = 10_000,
    items: int = 10_000,
    context: int = 8,
    history: int | None = 50,
    *,
    embedding: int = 64,
    hidden: Sequence[int] = (256, 128),
    output: int = 64,
    temperature: float = 0.05,
    activation: str = "sigmoid",
    name: str = "two_tower",
) -> TwoTower:
    """Return a recommender of two towers, one for who asks and one for what may be offered.

    After Yi et al. 2019, "Sampling-Bias-Corrected Neural Modeling for Large Corpus Item
    Recommendations", https://doi.org/10.1145/3298689.3346996: two networks of dense layers end
    in vectors of length 1, and their product divided by a temperature is the score. The person is
    the user's own vector, the context (time, device, ...), and the average of the vectors of the
    items of late, as in Covington et al. 2016, "Deep Neural Networks for YouTube
    Recommendations", https://doi.org/10.1145/2959100.2959190. History and candidate share one
    item table: what is learned of an item as an offer is known of it as a past choice. Where Yi
    et al. compare each query with all items of a batch, this model scores pairs: label 1 for what
    was chosen, 0 for items drawn at random.

    Look at the item table with arrows into both towers. Nothing else joins them before the end,
    so the candidates' vectors can be computed once and stored.

    Args:
        users: How many user ids there are.
        items: How many item ids; 0 is padding of the history.
        context: How many numbers describe the situation.
        history: How many past items, with padding; `None` for any number.
        embedding: Width of the users' and items' vectors.
        hidden: Widths of each tower's layers.
        output: Width of the two vectors that are compared.
        temperature: What the cosine is divided by; smaller makes scores sharper.
        activation: Of the score; `"linear"` gives logits.
        name: Of the model; the towers are called `name_query` and `name_candidate`.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> towers = two_tower(20, 30, 2, 5, embedding=8, hidden=(16,), output=4)
        >>> towers.query.output_shape, towers.candidate.output_shape, towers.model.output_shape
        ((None, 4), (None, 4), (None, 1))
    """
    table = B.SharedEmbedding(items, embedding, pooling="average", name="item_table")
    person = L.Embedding(users, embedding, name="user_table")
    query = _Tower(tuple(hidden), output, name="query")
    candidate = _Tower(tuple(hidden), output, name="candidate")

    asked = {
        "user": keras.Input((1,), dtype="int32", name="user"),
        "context": keras.Input((context,), name="context"),
        "history": keras.Input((history,), dtype="int32", name="history"),
    }
    offered = {"item": keras.Input((1,), dtype="int32", name="item")}

    who = L.Flatten(name="user_vector")(person(asked["user"]))
    q = query([who, asked["context"], table(asked["history"])])
    c = candidate([table(offered["item"])])
    cosine = L.Dot(axes=1, name="cosine")([q, c])
    score = L.Rescaling(1 / temperature, name="temperature")(cosine)
    score = L.Activation(activation, name="score", **full_precision())(score)
    return TwoTower(
        query=keras.Model(asked, q, name=f"{name}_query"),
        candidate=keras.Model(offered, c, name=f"{name}_candidate"),
        model=keras.Model({**asked, **offered}, score, name=name),
    )


@dataclass(eq=False, repr=False)
class _Tower(B.Block):
    """Features side by side, dense layers, a vector of length 1."""

    hidden: tuple[int, ...]
    output: int

    def wire(self, features: Any) -> Any:
        x = features[0]
        if len(features) > 1:
            x = self.use("features", L.Concatenate)(features)
        for i, width in enumerate(self.hidden, start=1):
            x = self.use(f"hidden{i}", L.Dense, width, activation="relu")(x)
        return self.use("unit", B.UnitLength)(self.use("output", L.Dense, self.output)(x))
