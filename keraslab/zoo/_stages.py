"""Stages of residual blocks, which several architectures have for their images."""

from collections.abc import Sequence

from keraslab import blocks as B


def residual_stages(filters: Sequence[int], depth: int) -> dict[str, B.Block]:
    """Return a stage of `depth` residual blocks for each width; each but the first halves sizes.

    Raises:
        ValueError: If a width or the depth is below 1.
    """
    stages: dict[str, B.Block] = {}
    for i, width in enumerate(filters, start=1):
        steps: dict[str, B.Block] = {"first": B.Residual(width, stride=1 if i == 1 else 2)}
        if depth != 1:
            steps["more"] = B.Repeat(B.Residual(width), depth - 1)
        stages[f"stage{i}"] = B.Chain(steps)
    return stages
