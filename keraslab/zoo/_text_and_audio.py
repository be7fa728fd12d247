"""What is said and how it is said: text and sound, fused."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as L

from keraslab import blocks as B
from keraslab.blocks._checks import full_precision
from keraslab.zoo._settings import checked, count, maybe, one_of

_FUSIONS = ("concat", "add", "multiply", "gated", "bilinear", "cross_attention")


@checked(
    vocabulary=count,
    length=maybe(count),
    frames=maybe(count),
    mels=count,
    fusion=one_of(*_FUSIONS),
    embedding=count,
    recurrent=count,
)
def text_and_audio(
    vocabulary: int = 5000,
    length: int | None = 128,
    frames: int | None = 750,
    mels: int = 80,
    classes: int = 4,
    *,
    fusion: str = "concat",
    embedding: int = 100,
    recurrent: int = 200,
    activation: str = "softmax",
    name: str = "text_and_audio",
) -> keras.Model:
    """Return a model that tells a speaker's mood from the words and from the sound.

    After Yoon, Byun and Jung 2018, "Multimodal Speech Emotion Recognition Using Audio and Text",
    https://arxiv.org/abs/1810.04635: a recurrent encoder (GRU) for each, then one classifier
    over four moods. With `fusion="concat"` the last states stand side by side, the paper's dual
    encoder; with `"cross_attention"` the sound's last state looks for the words that matter, its
    encoder with attention (there by plain dot products, here with learned projections). Two
    strided convolutions shorten the log-mel spectrogram by four before the GRU, where the paper
    feeds MFCC features to it directly.

    Look at the two branches: their lengths differ, and only a vector of each, or attention, can
    bring them together.

    Args:
        vocabulary: How many word ids there are; 0 is padding.
        length: Words of the transcript, with padding; `None` for any number.
        frames: Frames of the spectrogram, or `None` for any number.
        mels: Mel bands of a frame.
        classes: How many moods.
        fusion: `"concat"`, `"add"`, `"multiply"`, `"gated"`, `"bilinear"` or
            `"cross_attention"`, see `keraslab.blocks.Fusion`.
        embedding: Width of the word vectors.
        recurrent: Width of both GRUs.
        activation: Of the output; `"linear"` gives logits.
        name: Of the model.

    Returns:
        A model from a dict of `text`, ids `(batch, length)`, and `audio`,
        `(batch, frames, mels)`, to `(batch, classes)`.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> model = text_and_audio(50, 8, 40, 16, 4, embedding=8, recurrent=8)
        >>> model.output_shape
        (None, 4)
    """
    words = fusion == "cross_attention"
    read = _TextEncoder(vocabulary, embedding, recurrent, words, name="text_encoder")
    hear = _AudioEncoder(recurrent, name="audio_encoder")
    fuse = B.Fusion(fusion, name="fusion")

    text = keras.Input((length,), dtype="int32", name="text")
    audio = keras.Input((frames, mels), name="audio")
    # In this order, as in cross-attention the first one asks.
    fused = fuse({"audio": hear(audio), "text": read(text)})
    mood = L.Dense(classes, activation=activation, name="mood", **full_precision())(fused)
    return keras.Model({"text": text, "audio": audio}, mood, name=name)


@dataclass(eq=False, repr=False)
class _TextEncoder(B.Block):
    """Word vectors and a GRU: its last state, or (with `words`) one for each word."""

    vocabulary: int
    embedding: int
    recurrent: int
    words: bool

    def wire(self, ids: Any) -> Any:
        x = self.use("words", L.Embedding, self.vocabulary, self.embedding, mask_zero=True)(ids)
        return self.use("gru", L.GRU, self.recurrent, return_sequences=self.words)(x)


class _ConvNorm(B.ConvNorm):
    """Along time, which comes before the bands wherever images have their channels."""

    @property
    def channel_axis(self) -> int:
        return -1

    def conv(self, *args: Any, **settings: Any) -> Any:
        return super().conv(*args, data_format="channels_last", **settings)


@dataclass(eq=False, repr=False)
class _AudioEncoder(B.Block):
    """Two convolutions that halve the frames, and a GRU's last state."""

    recurrent: int

    def wire(self, x: Any) -> Any:
        x = self.use("conv1", _ConvNorm, self.recurrent, stride=2)(x)
        x = self.use("conv2", _ConvNorm, self.recurrent, stride=2)(x)
        return self.use("gru", L.GRU, self.recurrent)(x)
