"""The page about costs: its code runs, and its table is the one that the code prints."""

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "costs.md"
FENCE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def printed():
    names = {"__name__": "page"}
    texts = []
    for source in FENCE.findall(PAGE.read_text(encoding="utf-8")):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(source, PAGE.name, "exec"), names)
        texts.append(out.getvalue())
    return names, texts


def test_the_table_is_the_printed_one(printed) -> None:
    assert printed[1][0].strip() in PAGE.read_text(encoding="utf-8")


def test_every_field_found_is_the_published_one(printed) -> None:
    rows = [line.split("|") for line in printed[1][0].splitlines()[2:]]
    assert len(rows) == 4
    for row in rows:
        assert row[4] == row[5]
        assert float(row[3]) == pytest.approx(float(row[2]), rel=0.01)


def test_the_declared_layer(printed) -> None:
    names, texts = printed
    graph = names["kl"].read_graph(names["model"])
    assert graph.macs == 16 * 8 * 3 * 8 + 2 * 16 * 8
    assert graph.costs.receptive_field[graph.outputs[0].call] == (4,)
    assert "unknown" not in texts[1]
