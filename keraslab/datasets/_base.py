"""What all data sets share: their length, a choice of rows, and a split that is always the same."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Dataset:
    """Arrays of one length, a row for each sample, and where they come from.

    Args:
        source: Where the data come from.
        licence: What one may do with them.
    """

    source: str
    licence: str

    # The fields that hold one row for each sample; the others are said once for all of them.
    rows: ClassVar[tuple[str, ...]] = ()
    # Samples in the order of time: the last ones are put aside, not any.
    in_time: ClassVar[bool] = False

    def __len__(self) -> int:
        return len(getattr(self, self.rows[0]))

    def take(self, which: npt.ArrayLike | slice) -> Self:
        """Return the data set with the chosen rows alone.

        Args:
            which: Row numbers, a mask with one truth value for each row, or a slice.
        """
        chosen = which if isinstance(which, slice) else np.asarray(which)
        changed: dict[str, Any] = {name: getattr(self, name)[chosen] for name in self.rows}
        return replace(self, **changed)

    def split(self, test: float = 0.2, *, seed: int = 0) -> tuple[Self, Self]:
        """Put a share of the rows aside, to test on; return the others and these.

        The rows are drawn at random, the same ones for the same seed. Rows in the order of
        time are not drawn: there the last ones are put aside, and both parts keep the order.

        Args:
            test: The share to put aside, between 0 and 1; at least one row stays in each part.
            seed: Which draw it is.

        Raises:
            ValueError: If `test` is not between 0 and 1.
        """
        if isinstance(test, bool) or not 0 < test < 1:
            raise ValueError(
                f"{type(self).__name__}.split(test=...): must be a share between 0 and 1, such "
                f"as 0.2. Received: {test!r}."
            )
        count = len(self)
        order = np.arange(count) if self.in_time else np.random.default_rng(seed).permutation(count)
        start = count - min(max(round(test * count), 1), count - 1)
        return self.take(order[:start]), self.take(order[start:])

    def __repr__(self) -> str:
        parts = [f"{name} {getattr(self, name).dtype}{self._size(name)}" for name in self.rows]
        return f"{type(self).__name__}({len(self)} rows: {', '.join(parts)})"

    def _size(self, name: str) -> str:
        return str(list(getattr(self, name).shape[1:]) or "")
