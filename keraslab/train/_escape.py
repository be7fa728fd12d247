"""Text inside of Markdown and LaTeX that stays text, whatever stands in it."""

from __future__ import annotations

_MARKDOWN = {each: f"\\{each}" for each in "*_`[]#~!"} | {
    # As characters' numbers: some programs look for these before they look for backslashes.
    each: f"&#{ord(each)};"
    for each in "&<>|\\$"
}
_LATEX = {each: f"\\{each}" for each in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"\symbol{34}",  # some languages of babel give it a meaning of its own
    "-": "-{}",  # two of them would be a dash
    "[": "{[}",  # after a row's end it would be an option of that
    "]": "{]}",
    "*": "{*}",
}


def markdown_text(text: str) -> str:
    r"""A text for a cell of a Markdown table.

    Example:
        >>> print(markdown_text("a|b *c* <d>"))
        a&#124;b \*c\* &#60;d&#62;
    """
    return "".join(_MARKDOWN.get(each, each) for each in _one_line(text))


def latex_text(text: str) -> str:
    r"""A text for a cell of a LaTeX table.

    Example:
        >>> print(latex_text("50 % of a_b & \\c"))
        50 \% of a\_b \& \textbackslash{}c
    """
    return "".join(_LATEX.get(each, each) for each in _one_line(text))


def _one_line(text: str) -> str:
    # A line's end would end the row; a mark of writing direction would turn it around.
    return "".join(each if each.isprintable() else " " for each in text)
