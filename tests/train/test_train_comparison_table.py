import html
import re
from types import SimpleNamespace

import mistune
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraslab.train._comparison_table import columns, latex, markdown, rows_of
from keraslab.train._digits import mean_and_spread, places, plain
from keraslab.train._escape import latex_text, markdown_text
from keraslab.train._verdict import verdict

HOSTILE = [
    "a|b",
    "a & b",
    "50 %",
    "my_model__x",
    "back\\slash\\",
    "\\|",
    "\\\\",
    "<script>alert(1)</script>",
    "<b>&amp;",
    "**bold** `code` [a](http://x)",
    "![x](y)",
    "$x^2$ \\(y\\) \\[z\\]",
    "{a}{b}",
    "#1 ~~x~~",
    "two\nlines\r\nand\ttabs",
    "--- -- -",
    "[5cm]",
    "*",
    "\"quotes\" ``and''",
    "\u202egnihtemos",
    "\\end{tabular}",
    "\\input{/etc/passwd}",
    "^^M^^5c",
    "",
]


def comparison(scores, *, higher=True, **more):
    """What a comparison has that the table reads."""
    runs = [
        SimpleNamespace(
            variant=variant,
            seed_index=index,
            status="done" if score is not None else "failed",
            score=score,
            times=[1.5, 2.5, 3.6],
            latency=0.00123,
            peak_memory=None,
        )
        for variant, values in scores.items()
        for index, score in enumerate(values)
    ]
    cost = SimpleNamespace(training_sum=1_234_567)
    graph = SimpleNamespace(params=12_345, macs=6_789_000, unknown_params=(), costs=cost)
    judged = verdict(
        {variant: dict(enumerate(values)) for variant, values in scores.items()},
        name="accuracy",
        higher_is_better=higher,
    )
    facts = {
        "variants": list(scores),
        "runs": runs,
        "graphs": dict.fromkeys(scores, graph),
        "verdict": judged,
        "score_name": "accuracy",
    }
    return SimpleNamespace(**facts | more)


CLEAR = {"residual": [0.952, 0.949, 0.953, 0.95], "plain": [0.81, 0.8, 0.82, 0.814]}
NOISY = {"residual": [0.95, 0.7, 0.99], "plain": [0.81, 0.9, 0.82]}


def test_rows_hold_plain_values():
    (first, second) = rows_of(comparison(CLEAR))
    assert first == {
        "variant": "residual",
        "score_name": "accuracy",
        "score": pytest.approx(0.951),
        "sd": pytest.approx(0.0018257, rel=1e-4),
        "seeds": 4,
        "runs": 4,
        "status": "done",
        "params": 12_345,
        "macs": 6_789_000,
        "memory": 1_234_567,
        "peak_memory": None,
        "seconds_per_epoch": pytest.approx(1.1),
        "latency": 0.00123,
        "best": True,
    }
    assert not second["best"]


def test_markdown():
    assert markdown(rows_of(comparison(CLEAR))).splitlines() == [
        "| variant | accuracy, mean ± sd of 4 seeds | parameters | MACs | memory per example "
        "| time per epoch | latency |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| **residual** | **0.9510 ± 0.0018** | 12,345 | 6,789,000 | 1.23 MB | 1.10 s | 1.23 ms |",
        "| plain | 0.8110 ± 0.0084 | 12,345 | 6,789,000 | 1.23 MB | 1.10 s | 1.23 ms |",
    ]


def test_latex():
    assert latex(rows_of(comparison(CLEAR))).splitlines() == [
        "% needs \\usepackage{booktabs}",
        r"\begin{tabular}{lrrrrrr}",
        r"\toprule",
        r"variant & accuracy, mean $\pm$ sd of 4 seeds & parameters & MACs & memory per example "
        r"& time per epoch & latency \\",
        r"\midrule",
        r"\textbf{residual} & \textbf{0.9510 $\pm$ 0.0018} & 12,345 & 6,789,000 & 1.23 MB & 1.10 s "
        r"& 1.23 ms \\",
        r"plain & 0.8110 $\pm$ 0.0084 & 12,345 & 6,789,000 & 1.23 MB & 1.10 s & 1.23 ms \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_within_the_noise_nothing_is_best():
    rows = rows_of(comparison(NOISY))
    assert not any(row["best"] for row in rows)
    assert "**" not in markdown(rows)
    assert "textbf" not in latex(rows)


def test_failed_runs_are_counted_and_unknown_values_are_dashes():
    rows = rows_of(comparison({"a": [0.9, None, float("nan")], "b": [None] * 3}, graphs={}))
    assert [row["seeds"] for row in rows] == [1, 0]
    assert [row["score"] for row in rows] == [0.9, None]
    assert rows[0]["status"] == "2 done, 1 failed"
    heads = [head for head, _, _ in columns(rows)]
    assert heads == ["variant", "accuracy", "time per epoch", "latency", "status"]
    assert markdown(rows).splitlines()[-1] == "| b | – | 1.10 s | 1.23 ms | failed |"
    assert " & -- & " in latex(rows).splitlines()[-3]


def test_nothing_run_yet_and_nothing_at_all():
    rows = rows_of(comparison({"a": [], "b": []}))
    assert markdown(rows).count("\n") == 3
    assert (markdown([]), latex([])) == ("", "")


# Text that wants to be more than text.


_READER = mistune.create_markdown(escape=False, plugins=["table", "strikethrough", "url", "math"])


def _cells(source):
    """What a reader of GitHub's Markdown sees in a table."""
    page = _READER(source)
    assert page.count("<table>") == 1
    return [
        html.unescape(cell) for cell in re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", page, re.S)
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_shows_hostile_names_as_they_are(text):
    rows = rows_of(comparison({text: [0.5, 0.6, 0.7], "other": [0.5, 0.6, 0.8]}))
    cells = _cells(markdown(rows))
    assert len(cells) == 3 * 7
    assert cells[7] == _spaces(text).strip()


def test_markdown_holds_no_tag():
    rows = rows_of(comparison({text: [0.5, 0.6] for text in HOSTILE}, score_name="<i>|a"))
    assert not re.search(r"[<>]", markdown(rows))
    assert len({line.count("|") for line in markdown(rows).splitlines()}) == 1


def _spaces(text):
    return "".join(each if each.isprintable() else " " for each in text)


_TEX = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textasciigrave{}": "`",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\symbol{34}": '"',
    r"\&": "&",
    r"\%": "%",
    r"\$": "$",
    r"\#": "#",
    r"\_": "_",
    r"\{": "{",
    r"\}": "}",
    "{[}": "[",
    "{]}": "]",
    "{*}": "*",
    "-{}": "-",
}
_PLAIN = re.compile(r"[^\\&%$#_{}~^<>|\"`\[\]*\-\n\r]")


def read_tex(cell):
    """What TeX sets for a cell; an error for anything that would be a command to it."""
    found = ""
    while cell:
        token = next((each for each in _TEX if cell.startswith(each)), None)
        if token is None:
            assert _PLAIN.match(cell), f"not escaped: {cell!r}"
            token = cell[0]
        found += _TEX.get(token, token)
        cell = cell[len(token) :]
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_latex_sets_hostile_names_as_they_are(text):
    assert read_tex(latex_text(text)) == _spaces(text)
    rows = rows_of(comparison({text: [0.5, 0.6, 0.7], "other": [0.5, 0.6, 0.8]}))
    row = latex(rows).splitlines()[5]
    assert row.endswith(r" \\")
    cells = re.split(r"(?<!\\) & ", f" {row}")
    assert len(cells) == 7


@given(st.text())
@settings(deadline=None)
def test_any_text_survives_latex(text):
    assert read_tex(latex_text(text)) == _spaces(text)


@given(st.text())
@settings(deadline=None)
def test_any_text_survives_markdown(text):
    table = f"| {markdown_text(text)} | b |\n| --- | --- |\n| c | d |"
    cells = _cells(table)
    assert cells[1:] == ["b", "c", "d"]
    assert cells[0].split() == _spaces(text).split()


# Digits.


@pytest.mark.parametrize(
    ("mean", "spread", "said"),
    [
        (0.95123, 0.0123, "0.951 ± 0.012"),
        (0.95123, 0.00098, "0.95123 ± 0.00098"),
        (0.95123, 0.0, "0.9512 ± 0.0000"),
        (0.5, 1e-17, "0.500000 ± 0.000000"),
        (1234.6, 210.0, "1235 ± 210"),
        (2.5, 30.0, "2 ± 30"),
        (0.0, 0.02, "0.000 ± 0.020"),
        (1.5e-12, 2e-13, "1.5e-12 ± 2e-13"),
        (0.9, None, "0.9000"),
        (0.0, None, "0.000"),
        (float("inf"), None, "–"),
        (None, None, "–"),
    ],
)
def test_digits_follow_the_spread(mean, spread, said):
    assert mean_and_spread(mean, spread) == said


@given(st.floats(-1e12, 1e12), st.none() | st.floats(0, 1e12))
@settings(deadline=None)
def test_numbers_stay_short_and_true(mean, spread):
    said = mean_and_spread(mean, spread)
    assert len(said) < 50
    shown = float(said.split(" ± ")[0])
    assert shown == pytest.approx(mean, rel=1e-3, abs=max(spread or 0.0, 0.0) * 0.06 + 1e-4)
    count = places(mean, spread)
    assert count is None or 0 <= count <= 9


@given(st.floats(-1e300, 1e300), st.integers(1, 6))
@settings(deadline=None)
def test_plain_keeps_its_digits(value, digits):
    assert float(plain(value, digits)) == pytest.approx(value, rel=0.51 * 10 ** (1 - digits))
