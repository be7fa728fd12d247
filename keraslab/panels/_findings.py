"""What is found about an exception: a panel under the traceback, and the same on demand."""

from __future__ import annotations

import base64
import sys
import textwrap
from html import escape
from typing import Any

from keraslab.debug import Evidence, Finding, Page, diagnose, page
from keraslab.draw import Picture
from keraslab.panels._finding_style import finding_style
from keraslab.panels._live import in_terminal


def explain(code: str | None = None) -> Explanation | Page:
    """Say what the last error of this session means, or show the page of a rule.

    Args:
        code: A rule's code, such as ``"KL206"``; None for the last error.

    Returns:
        What is known of the error: the finding, or the shapes that went into the failing
        call; or the page of the rule.

    Raises:
        ValueError: There is no such rule, or no error yet.

    Example:
        >>> print(explain("KL206").text.splitlines()[0])
        # KL206 merge-of-other-widths
    """
    if code is not None:
        return page(code)
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    if error is None:
        raise ValueError("explain(): no cell has failed yet. After one has, call it again.")
    return Explanation(error)


class Explanation:
    """What is known of an exception.

    Attributes:
        finding: What is wrong; None where no rule is sure.
    """

    def __init__(self, error: BaseException) -> None:
        self.finding: Finding | None = diagnose(error)
        self._went_in = "" if self.finding is not None else _went_in(error)
        self._text = "" if self.finding is None else _text_of(error)

    @property
    def known(self) -> bool:
        """Whether there is anything to show."""
        return self.finding is not None or bool(self._went_in)

    def mended(self, number: int = 0) -> str:
        """The text of the cell or file that failed, with one of the offered changes made.

        Nothing is run and nothing is written.

        Args:
            number: Which of the finding's fixes, from 0.

        Raises:
            ValueError: There is no such change, or it has no place in the text.
        """
        fixes = () if self.finding is None else self.finding.fixes
        if not 0 <= number < len(fixes):
            raise ValueError(
                f"mended(number=...): {len(fixes) or 'no'} change(s) are offered, counted from 0. "
                f"Received: {number!r}."
            )
        return fixes[number].apply(self._text)

    def __str__(self) -> str:
        if self.finding is not None:
            return self.finding.text()
        return self._went_in or "Nothing more is known of this error than its traceback says."

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        bundle = {"text/plain": str(self)}
        if not in_terminal():
            bundle["text/html"] = finding_style() + (
                finding_html(self.finding)
                if self.finding is not None
                else f'<div class="kl-finding"><pre>{escape(str(self))}</pre></div>'
            )
        return bundle


def _text_of(error: BaseException) -> str:
    """The text that the finding's changes are changes of."""
    source = Evidence(error).source
    return "" if source is None else source.text


def _went_in(error: BaseException) -> str:
    """The tensors of the failing call, where no rule knows more."""
    try:
        evidence = Evidence(error)
        failing, named = evidence.failing, evidence.named()
    except Exception:  # the traceback stands; more is not known
        return ""
    if failing is None or not named:
        return ""
    name = f"{type(failing.operation).__name__} {failing.operation.name!r}"
    return "\n".join([f"What went into {name}:", *(f"  {tensor}" for tensor in named)])


def finding_html(finding: Finding) -> str:
    """A finding as HTML with the picture of the graph so far; all text is escaped.

    Args:
        finding: The finding.
    """
    rows = []
    if finding.where is not None:
        text = escape(textwrap.dedent(finding.where.text))
        rows.append(("Where", f"{escape(str(finding.where))}<pre>{text}</pre>"))
    if finding.tensors:
        items = "".join(
            f"<li><b>{escape(each.name)}</b> {_prose(each.spec.text)} "
            f"<span>{escape(each.spec.dtype)}, made by {escape(each.maker)}</span></li>"
            for each in finding.tensors
        )
        rows.append(("Went in", f"<ul>{items}</ul>"))
    if finding.cause is not None:
        place = f" <span>{escape(str(finding.cause.place))}</span>" if finding.cause.place else ""
        rows.append(("Cause", _prose(finding.cause.sentence) + place))
    if finding.fixes:
        mends = [
            f"{_prose(str(fix))}<pre>{escape(textwrap.dedent(fix.code))}</pre>"
            for fix in finding.fixes
        ]
        if len(mends) == 1:
            rows.append(("To mend it", mends[0]))
        else:
            sure = all(fix.tried for fix in finding.fixes)
            items = "".join(f"<li>{mend}</li>" for mend in mends)
            rows.append(("Any of these mends it" if sure else "To mend it", f"<ol>{items}</ol>"))
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    more = (
        f'<a href="{escape(finding.url)}" target="_blank" rel="noopener noreferrer">'
        f"{escape(finding.code)}</a> {escape(finding.name)}; "
        f"offline: <code>keraslab.explain({escape(repr(finding.code))})</code>"
    )
    return (
        f'<div class="kl-finding kl-{finding.severity}" role="note">'
        f"<p><strong>{_prose(finding.message)}</strong></p>"
        f"<div><dl>{listed}</dl>{_picture(finding)}</div><p>{more}</p></div>"
    )


def _prose(text: str) -> str:
    """Escaped text in which no line ends within a shape."""
    return escape(text).replace(" × ", "&nbsp;×&nbsp;")


def _picture(finding: Finding) -> str:
    """The graph so far as an image, in which no text of a model can become a script."""
    if finding.graph is None:
        return ""
    try:
        marks = _marks(finding)
        # Where nothing is marked, the legend would count changes of which there are none.
        svg = Picture(finding.graph, status=marks if {*marks.values()} > {"same"} else None).svg()
    except Exception:  # without a picture the words stand
        return ""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="The graph so far" src="data:image/svg+xml;base64,{data}">'


def _marks(finding: Finding) -> dict[str, str]:
    assert finding.graph is not None
    marks = {call.id: "same" for call in finding.graph.calls}
    if finding.cause is not None and finding.cause.call in marks:
        marks[finding.cause.call] = "cause"
    return marks | {call: "wrong" for call in finding.calls if call in marks}


def show_after_error(error: BaseException) -> None:
    """Show what is known of an exception under its traceback, and nothing where nothing is.

    Args:
        error: The exception that a cell raised.
    """
    from IPython.display import display

    explanation = Explanation(error)
    if explanation.known:
        display(explanation)  # type: ignore[no-untyped-call]
