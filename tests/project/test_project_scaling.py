"""The page about scaling: its Python runs, and the calls that it only shows are real ones."""

import ast
import inspect
import re
from pathlib import Path

import distributed
import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scaling.md"
TEXT = PAGE.read_text(encoding="utf-8")
RUN = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
SHOWN = re.findall(r"^```text\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_its_python_runs_and_all_ways_give_the_same_numbers(monkeypatch, tmp_path):
    from keraslab.train._workers_local import end_processes

    names = {"__name__": "__main__"}
    scores = []
    try:
        for source in RUN:
            exec(compile(source, PAGE.name, "exec"), names)
            if "comparison" in names:
                runs = names.pop("comparison").runs
                assert [each.status for each in runs] == ["done"] * 4
                scores.append([(each.variant, each.seed, each.score) for each in runs])
    finally:
        end_processes()
    assert len(scores) == 2
    assert scores[0] == scores[1]


def test_what_is_only_shown_is_python():
    assert len(SHOWN) == 6
    for source in SHOWN:
        ast.parse(source)


def test_dasks_own_names_are_as_shown():
    (ssh,) = (source for source in SHOWN if "SSHCluster(" in source)
    (call,) = (
        node
        for node in ast.walk(ast.parse(ssh))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "SSHCluster"
    )
    known = inspect.signature(distributed.SSHCluster).parameters
    assert {each.arg for each in call.keywords} <= known.keys()
