"""An ensemble of small image classifiers, or of any models with the same output."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._checks import full_precision
from keraslab.zoo._photo import image_input
from keraslab.zoo._settings import checked, count, image_shape, one_of


class _Member(B.Block):
    """A small residual network."""

    width: int
    classes: int
    activation: str

    def wire(self, x: Any) -> Any:
        x = self.use("stem", B.ConvNorm, self.width)(x)
        x = self.use("stage1", B.Residual, self.width)(x)
        x = self.use("stage2", B.Residual, 2 * self.width, 2)(x)
        x = self.use("pool", L.GlobalAveragePooling2D)(x)
        settings = {"activation": self.activation, **full_precision()}
        return self.use("output", L.Dense, self.classes, **settings)(x)


def _members(value: Any, where: str) -> Any:
    if isinstance(value, (list, tuple)) and value:
        for member in value:
            if not isinstance(member, keras.Model):
                raise TypeError(
                    f"{where}: must be a number, such as 5, or a list of models. "
                    f"Received: {member!r}."
                )
        return list(value)
    try:
        return count(value, where)
    except ValueError as error:
        raise ValueError(
            f"{where}: must be a number, such as 5, or a list of a model or more. "
            f"Received: {value!r}."
        ) from error


@checked(members=_members, input_shape=image_shape, combine=one_of("average", "vote"), width=count)
def ensemble(
    members: int | Sequence[keras.Model] = 5,
    input_shape: tuple[int | None, ...] = (32, 32, 3),
    classes: int = 10,
    *,
    combine: str = "average",
    width: int = 16,
    activation: str = "softmax",
    name: str = "ensemble",
) -> keras.Model:
    """Return an ensemble: members that see the same image, and one answer made of theirs.

    Lakshminarayanan et al. 2016, "Simple and Scalable Predictive Uncertainty Estimation using
    Deep Ensembles", https://arxiv.org/abs/1612.01474: members of one architecture that differ by
    their random start alone, whose probabilities are averaged. Each is a small residual network
    here: a convolution, two residual blocks, and a classifier.

    The paper trains each member by itself. Given as models, they can be: hand in trained ones
    with the same inputs and outputs, of any architecture, and the ensemble shares their weights.
    With a number, they train together, on the loss of their average.

    Look at: the members are the same picture side by side, and nothing joins them until the end.

    Args:
        members: How many, 1 or more; or a list of models with names of their own, from images
            to `(batch, classes)`. The settings of the members below do not count then.
        input_shape: `(height, width, channels)` of the image.
        classes: How many classes, 1 or more.
        combine: `"average"`, or `"vote"` for each class's share of the members' votes. See
            `keraslab.blocks.Ensemble` on training with votes.
        width: Filters of each member's first block, 1 or more; the second has twice as many.
        activation: Of each member's output; `"linear"` averages logits.
        name: Of the model.

    Returns:
        A model from images `(batch, height, width, channels)` to `(batch, classes)`.

    Raises:
        TypeError: If a member is no model.
        ValueError: If a setting is out of range, or the members do not fit together.

    Example:
        >>> three = ensemble(3, (16, 16, 1), classes=4, width=4)
        >>> three.count_params() == 3 * ensemble(1, (16, 16, 1), classes=4, width=4).count_params()
        True
        >>> three.get_layer("members__average").output.shape
        (None, 4)
    """
    parts: list[Any]
    if isinstance(members, int):
        image = image_input(input_shape, 1, "ensemble")
        parts = [_Member(width, classes, activation) for _ in range(members)]
        logit = classes == 1 and activation == "linear"
    else:
        image, parts = _image_of(members), list(members)
        logit = any(_is_logit(member) for member in members)
    if combine == "vote" and logit:
        raise ValueError(
            "ensemble(combine=...): with one column, a vote is a probability over 0.5, and "
            "activation='linear' gives none. Received: 'vote'. Take activation='sigmoid', or "
            "combine='average'."
        )
    named = {f"member{i}": part for i, part in enumerate(parts, 1)}
    return keras.Model(image, B.Ensemble(named, combine, name="members")(image), name=name)


def _is_logit(member: Any) -> bool:
    one = isinstance(member.output_shape, tuple) and member.output_shape[-1] == 1
    return one and getattr(member.layers[-1], "activation", None) is keras.activations.linear


def _image_of(members: Sequence[Any]) -> Any:
    """Return a new input like that of the members, which must have the same."""
    shapes = [member.input_shape for member in members]
    if not isinstance(shapes[0], tuple) or any(shape != shapes[0] for shape in shapes):
        raise ValueError(
            f"ensemble(members=...): the models must have one input each, of the same shape. "
            f"Received: {', '.join(map(str, shapes))}."
        )
    names = [member.name for member in members]
    for member in names:
        if member == "image" or member.startswith("members__"):
            raise ValueError(
                f"ensemble(members=...): 'image' and what begins with 'members__' are names of "
                f"the ensemble's own layers. Received: a model called {member!r}. Give another "
                f"name=... where it is built."
            )
    if len(set(names)) < len(names):
        raise ValueError(
            f"ensemble(members=...): the models must have names of their own. "
            f"Received: {', '.join(map(repr, names))}. Give name=... where they are built."
        )
    return keras.Input(shapes[0][1:], name="image", dtype=members[0].inputs[0].dtype)
