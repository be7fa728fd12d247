"""English words and how they are spoken."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from keraslab.datasets._base import Dataset
from keraslab.datasets._reading import lines

LETTERS = ("", *"abcdefghijklmnopqrstuvwxyz")
START, END = "<start>", "<end>"


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Pronunciations(Dataset):
    """What `pronunciations` returns; every array has a row for each word.

    Args:
        words: The words, shape `(n,)`.
        letters: Their letters as positions in `letter_names`, filled up with 0 at the end, int32,
            shape `(n, 6)`.
        sounds: Their sounds as positions in `sound_names`: the start sign, the sounds, the end
            sign, filled up with 0, int32, shape `(n, 10)`.
        letter_names: `""` for the filling, then `a` to `z`.
        sound_names: `""` for the filling, `"<start>"`, `"<end>"`, then 39 sounds as the
            dictionary writes them: `"AA"` as in odd, `"AE"` as in at, and so on.
    """

    words: npt.NDArray[np.str_]
    letters: npt.NDArray[np.int32]
    sounds: npt.NDArray[np.int32]
    letter_names: tuple[str, ...]
    sound_names: tuple[str, ...]

    rows: ClassVar[tuple[str, ...]] = ("words", "letters", "sounds")

    def say(self, sounds: Iterable[int]) -> str:
        """Write a row of sounds out, up to its end sign.

        Args:
            sounds: Positions in `sound_names`, such as a row of `sounds` or what a model chose.
        """
        said = []
        for position in sounds:
            name = self.sound_names[int(position)]
            if name == END:
                break
            if name not in ("", START):
                said.append(name)
        return " ".join(said)

    def spell(self, word: str) -> npt.NDArray[np.int32]:
        """Return a word as a row of `letters`, so that a model can be asked about any word.

        Args:
            word: At most as many of the letters a to z as a row holds.

        Raises:
            ValueError: If it is longer, empty, or has another sign in it.
        """
        longest = self.letters.shape[1]
        if not 0 < len(word) <= longest or not set(word) <= set(LETTERS[1:]):
            raise ValueError(
                f"Pronunciations.spell(word): must be 1 to {longest} of the letters a to z, such "
                f"as 'cat'. Received: {word!r}."
            )
        row: npt.NDArray[np.int32] = _rows([list(word)], LETTERS, longest)[0]
        return row


def pronunciations() -> Pronunciations:
    """Load 10,150 English words of three to six letters, and their sounds.

    For sequences that become sequences of another length. The words are in the order of the
    alphabet, so draw a `split`. They are the everyday ones of the dictionary: those that a small
    spelling list holds too. A word that is spoken in several ways has the first of them here,
    and which syllable is stressed is left out.

    Source: the CMU Pronouncing Dictionary of Carnegie Mellon University,
    http://www.speech.cs.cmu.edu/cgi-bin/cmudict. Licence: BSD 2-Clause, its text in
    `keraslab/datasets/data/LICENSES.txt`.

    Example:
        >>> from keraslab import datasets
        >>> data = datasets.pronunciations()
        >>> data
        Pronunciations(10150 rows: words <U6, letters int32[6], sounds int32[10])
        >>> row = list(data.words).index("though")
        >>> data.say(data.sounds[row])
        'DH OW'
        >>> data.spell("cat").tolist()
        [3, 1, 20, 0, 0, 0]
    """
    table = [line.split() for line in lines("pronunciations.txt")]
    words = [row[0] for row in table]
    sounds = [[START, *row[1:], END] for row in table]
    sound_names = ("", START, END, *sorted({sound for row in table for sound in row[1:]}))
    return Pronunciations(
        words=np.array(words),
        letters=_rows([list(word) for word in words], LETTERS, max(map(len, words))),
        sounds=_rows(sounds, sound_names, max(map(len, sounds))),
        letter_names=LETTERS,
        sound_names=sound_names,
        source="The CMU Pronouncing Dictionary, https://github.com/cmusphinx/cmudict",
        licence="BSD 2-Clause",
    )


def _rows(texts: list[list[str]], names: tuple[str, ...], length: int) -> npt.NDArray[np.int32]:
    """Write texts as rows of positions in `names`, filled up with 0 to the length."""
    position = {name: number for number, name in enumerate(names)}
    rows = np.zeros((len(texts), length), dtype="int32")
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = [position[name] for name in text]
    return rows
