"""What ``%load_ext keraslab`` adds to IPython."""

from __future__ import annotations

from typing import Any


def load(shell: Any) -> None:
    """Add the magic ``%%lens`` to IPython.

    Args:
        shell: The running IPython.
    """

    def lens(line: str, cell: str) -> Any:
        """Run the cell, and show beside each line the shape, weights and cost it makes."""
        from keraslab.panels._lens import run_lens

        if line.strip():
            raise ValueError(f"%%lens takes no arguments. Received: {line.strip()!r}.")
        return run_lens(shell, cell)

    shell.register_magic_function(lens, magic_kind="cell", magic_name="lens")
