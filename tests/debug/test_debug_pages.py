"""Every rule's page: its bad code fires, its good code does not, and it says what it should."""

from __future__ import annotations

import re
from pathlib import Path

import keras
import pytest

from keraslab import check, debug, explain
from keraslab.debug._diagnose import found
from keraslab.debug._pages import codes
from keraslab.debug._rules import ERRORS, SILENT
from keraslab.graph import keras_internals

RULES = ERRORS | SILENT
SECTIONS = ["## Why it is wrong", "## Bad", "## Good", "## When it is fine"]


def parts_of(code: str) -> tuple[str, str, str]:
    text = explain(code).text
    title = text.splitlines()[0]
    bad, good = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    return title, bad, good


def run(source: str, path: Path) -> dict[str, object]:
    # From a file, so that the lines of the code are known, as those of a cell are.
    path.write_text(source, encoding="utf-8")
    values: dict[str, object] = {"__name__": "page"}
    exec(compile(source, str(path), "exec"), values)
    return values


def codes_in(values: dict[str, object], code: str) -> list[str]:
    report = check(values["model"], values.get("x"), values.get("y"), select=code)
    assert not report.failed
    return [finding.code for finding in report]


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    assert codes() == sorted(RULES)


@pytest.mark.parametrize("code", sorted(RULES))
def test_page_has_its_sections(code: str) -> None:
    text = explain(code).text
    assert text.splitlines()[0] == f"# {code} {RULES[code].name}"
    assert [line for line in text.splitlines() if line.startswith("## ")] == SECTIONS
    assert len(text.splitlines()[1]) > 20


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_errors_page_is_run(code: str, tmp_path: Path) -> None:
    _, bad, good = parts_of(code)
    keras.utils.set_random_seed(0)
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- any; what it means is asked next
        run(bad, tmp_path / "bad.py")
    # This says too when another Keras raises from another place or in other words.
    finding = found(caught.value, strict=True)
    assert finding is not None, f"{caught.type.__name__} came from another place: {caught.value}"
    assert finding.code == code
    run(good, tmp_path / "good.py")


@pytest.mark.parametrize("code", sorted(SILENT))
def test_silent_page_is_run(code: str, tmp_path: Path) -> None:
    _, bad, good = parts_of(code)
    keras.utils.set_random_seed(0)
    assert code in codes_in(run(bad, tmp_path / "bad.py"), code)
    assert codes_in(run(good, tmp_path / "good.py"), code) == []


def test_every_place_a_rule_leans_on_is_in_this_keras() -> None:
    places = sorted({place for rule in ERRORS.values() for place in rule.origins})
    assert keras_internals.missing_places(places) == []


def test_a_moved_place_is_named() -> None:
    places = ["layers.layer:Layer.__call__", "layers.layer:Layer.gone", "gone:Layer"]
    assert keras_internals.missing_places(places) == places[1:]


def test_explain_refuses_an_unknown_code() -> None:
    with pytest.raises(ValueError, match=r"Did you mean 'KL206'"):
        debug.page("KL26")
