"""What the encoder and the decoder layer of a transformer have in common."""

from dataclasses import dataclass
from typing import Any

from keras import layers as L

from keraslab.blocks._block import Block
from keraslab.blocks._checks import check_activation, check_count, check_number
from keraslab.blocks._multi_head_attention import MultiHeadAttention


@dataclass(eq=False, repr=False)
class FeedForward(Block):
    """Two `Dense` layers on every position by itself, with a shortcut and normalisation."""

    hidden: int | None
    activation: str
    dropout: float
    pre_norm: bool
    epsilon: float

    def wire(self, x: Any) -> Any:
        """Connect the parts to one sequence."""
        width = x.shape[-1]
        y = self.norm(x) if self.pre_norm else x
        y = self.use("hidden", L.Dense, self.hidden or 4 * width, activation=self.activation)(y)
        y = self.use("output", L.Dense, width)(y)
        if self.dropout:
            y = self.use("dropout", L.Dropout, self.dropout)(y)
        y = self.use("add", L.Add)([x, y])
        return y if self.pre_norm else self.norm(y)

    def norm(self, x: Any) -> Any:
        """Normalise every position by itself."""
        return self.use("norm", L.LayerNormalization, epsilon=self.epsilon)(x)


@dataclass(eq=False, repr=False)
class TransformerLayer(Block):
    """Base of the encoder and the decoder layer: their settings and their two sub-layers."""

    heads: int
    hidden: int | None = None
    activation: str = "relu"
    dropout: float = 0.0
    pre_norm: bool = False
    key_dim: int | None = None
    epsilon: float = 1e-6

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        kind = type(self).__name__
        check_count(self.heads, f"{kind}(heads=...)")
        for setting in ("hidden", "key_dim"):
            if getattr(self, setting) is not None:
                check_count(getattr(self, setting), f"{kind}({setting}=...)")
        check_activation(self.activation, f"{kind}(activation=...)")
        check_number(self.dropout, f"{kind}(dropout=...)", least=0, below=1)
        check_number(self.epsilon, f"{kind}(epsilon=...)", above=0)

    def attention(self, part_name: str, *, causal: bool = False) -> MultiHeadAttention:
        """Return an attention sub-layer of this name; a subclass may choose another."""
        block: MultiHeadAttention = self.use(
            part_name,
            MultiHeadAttention,
            self.heads,
            key_dim=self.key_dim,
            causal=causal,
            dropout=self.dropout,
            pre_norm=self.pre_norm,
            epsilon=self.epsilon,
        )
        return block

    def feed_forward(self, x: Any) -> Any:
        """Apply the feed-forward sub-layer; a subclass may choose another."""
        block = self.use(
            "feed_forward",
            FeedForward,
            self.hidden,
            self.activation,
            self.dropout,
            self.pre_norm,
            self.epsilon,
        )
        return block(x)
