"""The page of each rule: what, why, bad code, good code, when it is fine."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "pages"


class Page:
    """The page of a rule; Markdown in a notebook, text in a terminal."""

    def __init__(self, code: str, text: str) -> None:
        self.code, self.text = code, text

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/markdown": self.text, "text/plain": self.text}


def codes() -> list[str]:
    """The codes of all rules that have a page."""
    return sorted(path.stem for path in _FOLDER.glob("KL*.md"))


def page(code: str) -> Page:
    """The page of a rule.

    Args:
        code: Its code, such as ``KL206``; capital or small letters.

    Raises:
        ValueError: There is no such rule.
    """
    wanted = code.strip().upper() if isinstance(code, str) else ""
    known = codes()
    if wanted not in known:
        near = difflib.get_close_matches(wanted, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"explain(code=...): there is no rule {code!r}.{hint}")
    return Page(wanted, (_FOLDER / f"{wanted}.md").read_text(encoding="utf-8"))
