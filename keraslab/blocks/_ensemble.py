"""Several members that answer the same question, and one answer made of theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from keraslab.blocks._block import Block
from keraslab.blocks._branches import check_fit, merge
from keraslab.blocks._checks import check_choice, listed
from keraslab.blocks._named_parts import named_parts


def _vote_model(shape: tuple[int | None, ...], dtype: str, *, name: str) -> Any:
    """Return a small model without weights: a member's probabilities in, its vote out."""
    p = keras.Input(shape, dtype=dtype)
    if shape[-1] == 1:
        vote = ops.cast(p > 0.5, dtype)
    else:
        vote = ops.one_hot(ops.argmax(p, axis=-1), shape[-1], dtype=dtype)
    # Adds exactly 0, with the slope of p: a vote alone is a step, which no gradient passes.
    return keras.Model(p, vote + (p - ops.stop_gradient(p)), name=name)


@dataclass(eq=False, repr=False)
class Ensemble(Block):
    """Members that answer the same question, averaged or voted into one answer.

    After Hansen and Salamon 1990, "Neural Network Ensembles", https://doi.org/10.1109/34.58871,
    and, for the average of probabilities, Lakshminarayanan et al. 2016, "Simple and Scalable
    Predictive Uncertainty Estimation using Deep Ensembles", https://arxiv.org/abs/1612.01474.

    - `"average"`: the mean of what the members return; of probabilities, it is a soft vote.
    - `"vote"`: each member votes for its most likely class (of two equals the first), and the
      output is each class's share of the votes: the largest is the majority's choice. With one
      column, the probability of yes, anything over 0.5 is a vote for yes.

    **Training.** A vote is a step: its true gradient is 0 everywhere, and an ensemble trained by
    it would learn nothing. Backwards, a vote is therefore taken for the probability behind it
    (the straight-through estimator of Bengio et al. 2013, https://arxiv.org/abs/1308.3432):
    gradients are those of members that were averaged, and finite. A cross-entropy of a share of
    0 still says nothing, so train the members one by one or through an average, and vote with
    the same ones: `Ensemble(members, "vote")` beside `Ensemble(members)` shares all weights.

    Takes one input (a tensor, or what every member takes) that all members share, or with
    `separate=True` a list or dict of one input for each member. Members return one tensor each,
    of the same shape, `(batch, ..., classes)`, and so does the ensemble.

    Args:
        members: Blocks, layers or models, in a list or in a dict that names them. In a list
            blocks are named after their class and counted: `ensemble__tower1`. A layer or model
            handed in keeps its own name. Entries must differ: the same member twice is one.
        combine: `"average"` or `"vote"`.
        separate: Each member has an input of its own, given in the members' order or by their
            names.
        name: See `Block`.

    Raises:
        TypeError: If a member is none of these.
        ValueError: If there are no members, a member comes twice, `combine` is not known, or
            inputs or outputs do not fit.

    Example:
        >>> import keras
        >>> from keras import layers as L
        >>> members = {f"member{i}": L.Dense(3, activation="softmax") for i in (1, 2, 3)}
        >>> x = keras.Input((8,))
        >>> train = keras.Model(x, Ensemble(members)(x))
        >>> vote = keras.Model(x, Ensemble(members, "vote")(x))
        >>> vote.output_shape, vote.weights[0] is train.weights[0]
        ((None, 3), True)
    """

    members: Sequence[Any] | Mapping[str, Any]
    combine: str = "average"
    separate: bool = False

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        check_choice(self.combine, ["average", "vote"], "Ensemble(combine=...)")
        members = [m for m in self._named().values() if isinstance(m, (Block, keras.Layer))]
        if len({id(member) for member in members}) < len(members):
            raise ValueError(
                "Ensemble(members=...): the same member twice is one member. Received: "
                f"{self.members!r}. member.copy() is another one, with weights of its own."
            )

    def wire(self, *inputs: Any) -> Any:
        """Connect every member to the shared input or to its own, and combine."""
        members = self._named()
        given = (
            self._separated(inputs, members) if self.separate else dict.fromkeys(members, inputs)
        )
        outputs = {name: self.use(name, member)(*given[name]) for name, member in members.items()}
        check_fit(self, outputs, "average")
        if self.combine == "vote":
            outputs = {name: self._vote(name, y) for name, y in outputs.items()}
        return merge(self, outputs, "average")

    def _vote(self, name: str, y: Any) -> Any:
        if len(y.shape) < 2 or y.shape[-1] is None:
            raise ValueError(
                f"{self._title}: to vote, {name!r} must return (batch, ..., classes) with a "
                f"known number of classes. Received: {y.shape}."
            )
        shape = (None,) * (len(y.shape) - 2) + (y.shape[-1],)
        return self.use(f"vote_{name}", _vote_model, shape, y.dtype)(y)

    def _separated(self, inputs: tuple[Any, ...], members: Mapping[str, Any]) -> dict[str, Any]:
        """Return each member's own input, as the arguments of its call."""
        if len(inputs) == 1 and isinstance(inputs[0], Mapping):
            given = dict(inputs[0])
        else:
            values = listed(inputs, self._title)
            given = dict(zip(members, values, strict=False)) if len(values) == len(members) else {}
        if given.keys() != members.keys():
            received = inputs[0] if len(inputs) == 1 else inputs
            keys = (
                list(received)
                if isinstance(received, Mapping)
                else len(listed(inputs, self._title))
            )
            raise ValueError(
                f"{self._title}: with separate=True it takes one input for each member: a list "
                f"of {len(members)}, or a dict with the keys {', '.join(map(repr, members))}. "
                f"Received: {keys!r}."
            )
        return {name: (value,) for name, value in given.items()}

    def _named(self) -> dict[str, Any]:
        reserved = {"average"}
        if self.combine == "vote" and isinstance(self.members, Mapping):
            reserved |= {f"vote_{name}" for name in self.members}
        example = "[Tower(8), Tower(8)]"
        return named_parts(self.members, "Ensemble(members=...)", example, reserved)
