"""The whole number whose cost comes nearest to a budget, in few tries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

_ASIDE = 64
"""So many numbers beside one that has no cost are tried in its place."""
_SAME = 6
"""Doublings without a change of cost, after which the number is held not to matter."""


@dataclass
class Search:
    """What a search has tried.

    Args:
        cost: Gives the cost of a number, or None where there is none.
        low: The first number.
        high: The last.
    """

    cost: Callable[[int], int | None]
    low: int
    high: int
    tried: dict[int, int | None] = field(default_factory=dict)

    @property
    def known(self) -> list[tuple[int, int]]:
        """Numbers with their costs, in the numbers' order."""
        return sorted((at, cost) for at, cost in self.tried.items() if cost is not None)

    @property
    def steady(self) -> bool:
        """Whether a larger number never cost less, as far as was tried."""
        costs = [cost for _, cost in self.known]
        return costs == sorted(costs)

    def nearest(self, budget: int) -> int | None:
        """Find the number whose cost is nearest to the budget, the smaller one of two.

        From the low end the number doubles until the budget lies between two costs, so nothing
        much larger than needed is built; then the gap is halved. With costs that only grow, or
        only fall, the answer is exact. With others it is one of the numbers where the cost
        crosses the budget.

        Returns:
            The number; None where no number has a cost.
        """
        bracket = self._bracket(budget)
        while bracket is not None:
            bracket = self._halve(*bracket, budget)
        return min((abs(cost - budget), at) for at, cost in self.known)[1] if self.known else None

    def _at(self, number: int) -> int | None:
        if number not in self.tried:
            self.tried[number] = self.cost(number)
        return self.tried[number]

    def _bracket(self, budget: int) -> tuple[int, int] | None:
        last = self._upwards(self.low)
        same = 0
        while last is not None:
            cost = self.tried[last]
            assert cost is not None
            # 2, 4, 8 from 1; from 0 or below, steps that double all the same.
            aim = min(self.high, max(last + 1, 2 * last, last + (last - self.low)))
            after = self._upwards(aim) if aim > last else None
            if after is None:  # the last numbers may all have no cost
                after = self._between(last, self.high + 1)
            if after is None:
                return None
            reached = self.tried[after]
            assert reached is not None
            if min(cost, reached) <= budget <= max(cost, reached):
                return last, after
            if cost > budget and reached > cost:  # over it from the start, and growing
                return None
            same = same + 1 if reached == cost else 0
            if same == _SAME:
                return None
            last = after
        return None

    def _upwards(self, start: int) -> int | None:
        for number in range(start, min(self.high, start + _ASIDE) + 1):
            if self._at(number) is not None:
                return number
        return None

    def _between(self, low: int, high: int) -> int | None:
        """A number strictly between two that has a cost, near their middle first."""
        middle = (low + high) // 2
        for aside in range(_ASIDE):
            for number in (middle + aside, middle - aside):
                if low < number < high and self._at(number) is not None:
                    return number
        return None

    def _halve(self, low: int, high: int, budget: int) -> tuple[int, int] | None:
        number = self._between(low, high)
        if number is None:
            return None
        first, cost = self.tried[low], self.tried[number]
        assert first is not None
        assert cost is not None
        inside = min(first, cost) <= budget <= max(first, cost)
        return (low, number) if inside else (number, high)
