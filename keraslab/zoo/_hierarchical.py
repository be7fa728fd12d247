"""A document read as it is written: words into sentences, sentences into the whole."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
from keras import layers as L
from keras import ops

from keraslab import blocks as B
from keraslab.blocks._checks import full_precision
from keraslab.zoo._settings import checked, count, shape


class Hierarchical(NamedTuple):
    """A classifier of documents, and the looks into it that share its weights.

    Attributes:
        model: Ids `(batch, sentences, words)` to `(batch, classes)`.
        sentence: The encoder of one sentence: ids `(batch, words)` to a vector. The model holds
            it once and applies it to every sentence.
        words: Ids `(batch, words)` of one sentence to the weight of each word in it,
            `(batch, words, 1)`.
        sentences: Ids `(batch, sentences, words)` to the weight of each sentence,
            `(batch, sentences, 1)`.
    """

    model: keras.Model
    sentence: keras.Model
    words: keras.Model
    sentences: keras.Model


def _real(shape: tuple[int | None, ...], *, name: str) -> Any:
    """Return a small model without weights: ids in, true where a step holds any that is not 0."""
    ids = keras.Input(shape, dtype="int32", name="ids")
    real = ops.not_equal(ids, 0)
    return keras.Model(ids, real if len(shape) == 1 else ops.any(real, axis=-1), name=name)


@dataclass(eq=False, repr=False)
class _Level(B.Block):
    """Read a sequence in both directions and sum it, each step as much as it matters.

    The same at both levels of the paper: `u = tanh(W h + b)`, weights `softmax(u . c)` with a
    learned context vector `c`, and the weighted sum of the states `h`.
    """

    width: int

    def wire(self, x: Any, real: Any) -> Any:
        gru = L.GRU(self.width, return_sequences=True, name="gru")
        h = self.use("gru", L.Bidirectional, gru)(x, mask=real)
        u = self.use("hidden", L.Dense, 2 * self.width, activation="tanh")(h)
        score = self.use("context", L.Dense, 1, use_bias=False)(u)
        column = self.use("column", L.Reshape, (-1, 1))(real)
        weights = self.use("weights", L.Softmax, axis=1)(score, mask=column)
        total = self.use("sum", L.Dot, axes=1)([weights, h])
        return {"sum": self.use("vector", L.Flatten)(total), "weights": weights}


@checked(
    vocabulary=count,
    input_shape=shape("(sentences, words)", (15, 50), unknown=slice(1, 2)),
    embedding=count,
    width=count,
)
def hierarchical(
    vocabulary: int,
    input_shape: tuple[int, int | None] = (15, 50),
    classes: int = 5,
    *,
    embedding: int = 200,
    width: int = 50,
    activation: str = "softmax",
    name: str = "hierarchical",
) -> Hierarchical:
    """Return a hierarchical attention network: words, sentences, document.

    Yang et al. 2016, "Hierarchical Attention Networks for Document Classification",
    https://aclanthology.org/N16-1174/. A bidirectional GRU reads the words of a sentence, and
    attention with a learned context vector sums them into a vector; the same again over the
    sentences. The encoder of a sentence is a model in the model: one set of weights, computed
    for every sentence. By default with the paper's widths.

    Id 0 is padding: words at the end of a sentence, and whole sentences of zeros at the end of
    a document; neither changes the output.

    What to look at: `sentence` has nearly all weights and is counted once, however many
    sentences it reads; `words` and `sentences` say which words and sentences decided.

    Args:
        vocabulary: How many ids, padding included.
        input_shape: `(sentences, words)`; the words may be `None`, as many as the longest
            sentence of the batch has.
        classes: How many classes.
        embedding: Width of a word's vector.
        width: Of each direction of the GRUs.
        activation: Of the output; `"linear"` for logits.
        name: Of the model.

    Returns:
        `Hierarchical(model, sentence, words, sentences)`.

    Raises:
        ValueError: If a setting is out of range.

    Example:
        >>> made = hierarchical(100, (4, 6), classes=3, embedding=8, width=5)
        >>> made.model.output_shape, made.words.output_shape, made.sentences.output_shape
        ((None, 3), (None, 6, 1), (None, 4, 1))
    """
    words = keras.Input(input_shape[1:], dtype="int32", name="words")
    vectors = L.Embedding(vocabulary, embedding, name="embedding")(words)
    read = _Level(width, name="read_words")(vectors, _real(words.shape[1:], name="is_word")(words))
    sentence = keras.Model(words, read["sum"], name="sentence")

    document = keras.Input(input_shape, dtype="int32", name="document")
    x = L.TimeDistributed(sentence, name="every_sentence")(document)
    real = _real(input_shape, name="is_sentence")(document)
    whole = _Level(width, name="read_sentences")(x, real)
    y = L.Dense(classes, activation=activation, name="output", **full_precision())(whole["sum"])
    return Hierarchical(
        model=keras.Model(document, y, name=name),
        sentence=sentence,
        words=keras.Model(words, read["weights"], name=f"{name}_words"),
        sentences=keras.Model(document, whole["weights"], name=f"{name}_sentences"),
    )
