"""A model as Python source that builds it."""

from __future__ import annotations

from typing import Any

import keras

from keraslab.graph import keras_internals
from keraslab.graph._check import ModelError, graph_or_error
from keraslab.graph._code_config import is_described, model_described
from keraslab.graph._code_trial import written, written_with_blocks
from keraslab.graph._code_values import CodeError

__all__ = ["Code", "CodeError", "to_code"]


class Code(str):
    """Python source; ``print(...)`` it, or leave it as the last line of a cell."""

    needs: dict[str, str]
    """Names that must be defined before the code runs, and what each is."""

    def __new__(cls, source: str, needs: dict[str, str] | None = None) -> Code:
        """Make it from text."""
        self = super().__new__(cls, source)
        self.needs = dict(needs or {})
        return self

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(str(self))

    def _repr_markdown_(self) -> str:
        # No run of backticks in a name may end the block.
        fence = "```"
        while fence in self:
            fence += "`"
        return f"{fence}python\n{self}{fence}\n"


def to_code(model: Any, *, blocks: bool = False) -> Code:
    """Write the Functional source that builds the same model.

    The code is laid out as Black and Ruff do. Layers are given the settings that are no
    defaults; names given by hand are kept, those that Keras counts up are left out. A layer
    that is called several times is made once; a nested model is a section of its own; a
    Sequential model stays one. Compiling and the values of weights are not part of it. It
    builds the same model under Keras' default dtype policy, ``float32``.

    A layer or function of a module is imported from there. One that lives in this session
    alone cannot be: the code names it in a comment at the top, and so does ``needs``.

    With ``blocks=True`` a call of a keraslab block stands as that: ``B.Residual(64)(x)``. What
    was made of blocks is known of a model that was built in this session; one that was loaded
    or cloned is layers, and so is a block whose layers were changed by hand since, or whose
    inner tensors are used elsewhere. Such code is run once, without weights, to make sure.

    Args:
        model: A Functional or Sequential model; a skeleton will do. Or the config of one, or the
            path of a ``.keras`` file, of which the config alone is read, and nothing in it run.
        blocks: Write calls of blocks in place of the layers that these made.

    Returns:
        The source, a string; running it makes a model called ``model``, and ``diff`` finds no
        difference to the first one.

    Raises:
        CodeError: It holds an operation that cannot be written, or a config or file holds a
            class or function that is not known here.
        ModelError: It cannot be read as a graph.

    Example:
        >>> import keras
        >>> x = keras.Input((8,), name="x")
        >>> y = keras.layers.Dense(4, activation="relu")(x)
        >>> print(to_code(keras.Model(x, keras.layers.Dense(2, name="out")(y), name="tiny")))
        import keras
        from keras import layers
        <BLANKLINE>
        inputs = keras.Input((8,), name="x")
        x = layers.Dense(4, activation="relu")(inputs)
        x = layers.Dense(2, name="out")(x)
        model = keras.Model(inputs, x, name="tiny")
        <BLANKLINE>
        >>> from keraslab import blocks as B
        >>> image = keras.Input((8, 8, 3), name="image")
        >>> y = B.Residual(4, stride=2, name="narrow")(image)
        >>> print(to_code(keras.Model(image, y), blocks=True))
        import keras
        from keraslab import blocks as B
        <BLANKLINE>
        image = keras.Input((8, 8, 3), name="image")
        x = B.Residual(4, stride=2, name="narrow")(image)
        model = keras.Model(image, x)
        <BLANKLINE>
    """
    if is_described(model):
        model = model_described(model)
    if isinstance(model, keras.Model) and _is_subclassed(model):
        raise ModelError(
            f"The model '{model.name}' is of the subclass {type(model).__name__}, whose code is "
            "its class: to_code writes Functional and Sequential models."
        )
    graph_or_error(model)
    # Layers made to look at their defaults may draw seeds.
    state = keras_internals.RandomState()
    try:
        writer, source = written_with_blocks(model) if blocks else written(model)
        return Code(source, writer.values.needs)
    finally:
        state.put_back()


def _is_subclassed(model: keras.Model) -> bool:
    return keras_internals.functional_of(model) is None and not isinstance(model, keras.Sequential)
