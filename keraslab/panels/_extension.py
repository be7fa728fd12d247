"""What ``%load_ext keraslab`` adds to IPython."""

from __future__ import annotations

from typing import Any

_LISTENER = "keraslab_after_error"


def load(shell: Any) -> None:
    """Add the magic ``%%lens``, and a panel under the traceback of a cell that failed.

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

    def after_cell(result: Any) -> None:
        """Show what is found about an error; a cell that does not fail costs nothing."""
        error = getattr(result, "error_in_exec", None)
        if isinstance(error, Exception):
            from keraslab.panels._findings import show_after_error

            show_after_error(error)

    # Loaded again, the extension must not show everything twice.
    before = getattr(shell, _LISTENER, None)
    if before is not None:
        shell.events.unregister("post_run_cell", before)
    shell.events.register("post_run_cell", after_cell)
    setattr(shell, _LISTENER, after_cell)
