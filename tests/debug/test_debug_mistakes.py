"""Mistakes as people make them are found, and correct models are left in peace."""

from __future__ import annotations

from pathlib import Path

import pytest
from judging import header, judge, run

import keraslab as kl

HERE = Path(__file__).parent


def scripts(folder: str) -> list[Path]:
    found = sorted((HERE / folder).glob("[0-9]*.py"))
    assert found
    return found


def named(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", scripts("given"), ids=named)
def test_a_given_mistake_is_found_with_its_cause_and_a_change_that_works(path: Path) -> None:
    found = judge(path)
    assert found.right, str(found)
    if found.raised and header(path)["FAMILY"] != "fit":
        assert found.proven, str(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    "folder", ["held_out", "held_out_2", "held_out_3", "held_out_4", "held_out_5", "held_out_6"]
)
def test_mistakes_that_no_rule_was_written_for_are_found(folder: str) -> None:
    judged = [judge(path) for path in scripts(folder)]
    missed = [str(each) for each in judged if not each.right]
    assert len(missed) <= len(judged) / 5, "\n".join(missed)


@pytest.mark.parametrize("path", scripts("good"), ids=named)
def test_a_correct_model_is_left_in_peace(path: Path) -> None:
    values, error = run(path)
    assert error is None
    report = kl.check(values["model"], values.get("x"), values.get("y"))
    assert report.ok, str(report)
