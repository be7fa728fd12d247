"""What an exception leaves behind, and what is made of it."""

from __future__ import annotations

import runpy
import textwrap
from pathlib import Path
from typing import Any

import keras
import pytest

from keraslab.debug import Edit, Evidence, Finding, Fix, diagnose, explained
from keraslab.debug import _diagnose as diagnosing
from keraslab.debug._diagnose import found

START = "import keras\nfrom keras import layers\n"


def failed(tmp_path: Path, source: str, start: str = START) -> tuple[Finding | None, str, Any]:
    text = start + textwrap.dedent(source)
    path = tmp_path / "person.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- whichever it is
        runpy.run_path(str(path))
    return found(caught.value, strict=True), text, caught.value


def proven(finding: Finding, text: str) -> None:
    assert finding.fixes
    for fix in finding.fixes:
        exec(compile(fix.apply(text), "mended", "exec"), {"__name__": "mended"})


def test_place_tensors_and_cause(tmp_path: Path) -> None:
    finding, text, error = failed(
        tmp_path,
        """
        picture = keras.Input((8, 8, 4), name="picture")
        deep = layers.Conv2D(6, 3, padding="same", name="widen")(picture)
        out = layers.Add()([
            picture,
            deep,
        ])
        """,
    )
    assert finding is not None
    assert finding.where is not None
    assert (finding.where.line, finding.where.column) == (6, 7)
    assert finding.where.end_line == 9
    assert [each.name for each in finding.tensors] == ["picture", "deep"]
    assert [each.maker for each in finding.tensors] == ["picture", "widen"]
    assert finding.cause is not None
    assert finding.cause.name == "widen"
    assert finding.cause.place is not None
    assert finding.cause.place.line == 5
    assert finding.cause.place.text == 'layers.Conv2D(6, 3, padding="same", name="widen")'
    proven(finding, text)
    assert error.__traceback__ is not None


def test_the_graph_so_far_holds_the_failing_call(tmp_path: Path) -> None:
    finding, _, _ = failed(
        tmp_path, "a = keras.Input((8,), name='a')\nlayers.Add()([a, keras.Input((4,), name='b')])"
    )
    assert finding is not None
    assert finding.graph is not None
    (failing,) = finding.calls
    call = finding.graph.call_by_id[failing]
    assert call.type == "Add"
    assert {edge.source for edge in finding.graph.edges if edge.target == failing} == {"a#0", "b#0"}


def test_in_a_function_the_innermost_line_of_the_person_counts(tmp_path: Path) -> None:
    finding, text, _ = failed(
        tmp_path,
        """
        def block(x, width):
            y = layers.Dense(width)(x)
            return layers.Add()([x, y])

        out = block(keras.Input((8,)), 4)
        """,
    )
    assert finding is not None
    assert finding.where is not None
    assert (finding.where.line, finding.where.function) == (6, "block")
    proven(finding, text)


@pytest.mark.parametrize(
    ("start", "written"),
    [
        ("import keras\nfrom keras import layers as L\n", "L.Dense(8)"),
        ("import keras\nfrom keras.layers import Add, Dense\n", "Dense(8)"),
        ("import keras\n", "keras.layers.Dense(8)"),
        ("import keras as k\n", "k.layers.Dense(8)"),
    ],
)
def test_the_person_own_names_are_used(tmp_path: Path, start: str, written: str) -> None:
    add = {"L": "L.Add", "Dense(8)": "Add", "k": "k.layers.Add"}.get(
        written.split(".")[0], "keras.layers.Add"
    )
    module = "k" if "as k\n" in start else "keras"
    finding, text, _ = failed(
        tmp_path,
        f"a, b = {module}.Input((8,)), {module}.Input((4,))\nout = {add}()([a, b])",
        start,
    )
    assert finding is not None
    assert any(written in fix.code for fix in finding.fixes)
    proven(finding, text)


def test_names_in_lists_dicts_and_other_scripts(tmp_path: Path) -> None:
    finding, text, _ = failed(
        tmp_path,
        """
        größe = "ä"; teile = {"links": keras.Input((8,)), "rechts": [keras.Input((4,))]}
        x = ("é", layers.Add()([teile["links"], teile["rechts"][0]]))
        """,
    )
    assert finding is not None
    assert finding.tensors[0].name == "teile['links']"
    proven(finding, text)


def test_an_error_of_something_else_is_none_of_ours(tmp_path: Path) -> None:
    for source in (
        "1 / 0",
        "raise ValueError('Inputs have incompatible shapes.')",
        "import nothing",
    ):
        finding, _, _ = failed(tmp_path, source)
        assert finding is None


def test_the_exception_stays_as_it_was(tmp_path: Path) -> None:
    _, _, error = failed(tmp_path, "layers.Add()([keras.Input((8,)), keras.Input((4,))])")
    before = (str(error), error.__traceback__, error.__cause__, error.__context__, vars(error))
    diagnose(error)
    after = (str(error), error.__traceback__, error.__cause__, error.__context__, vars(error))
    assert before == after


def test_nothing_of_the_person_changes(tmp_path: Path) -> None:
    a, b = keras.Input((8,)), keras.Input((4,))
    add = keras.layers.Add()
    with pytest.raises(ValueError, match="incompatible") as caught:
        add([a, b])
    layers_before = keras.layers.Dense(2).name
    finding = diagnose(caught.value)
    assert finding is not None
    assert finding.fixes
    assert not add.weights
    assert not add._inbound_nodes
    number = int(layers_before.rpartition("_")[2] or 0) if "_" in layers_before else 0
    assert keras.layers.Dense(2).name == f"dense_{number + 1}"


def test_a_broken_rule_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(evidence: Evidence) -> None:
        raise RuntimeError("broken")

    rules = {"KL999": diagnosing.Rule("KL999", "broken", "error", broken)}
    monkeypatch.setattr(diagnosing, "ERRORS", rules)
    with pytest.raises(ValueError, match="incompatible") as caught:
        keras.layers.Add()([keras.Input((8,)), keras.Input((4,))])
    assert diagnose(caught.value) is None
    with pytest.raises(RuntimeError, match="broken"):
        found(caught.value, strict=True)


@pytest.mark.parametrize(
    ("params", "said"),
    [(1234, "1,234 parameters more"), (0, "no new parameters"), (-27, "27 parameters fewer")],
)
def test_a_fix_says_how_the_parameters_change(params: int, said: str) -> None:
    assert str(Fix("do it", "x", params=params, tried=True)) == f"do it ({said})"


def test_an_exception_without_traceback_is_none() -> None:
    assert diagnose(ValueError("Inputs have incompatible shapes.")) is None


def test_endless_recursion_is_survived() -> None:
    def deeper(x: Any) -> Any:
        return deeper(keras.layers.Dense(1)(x)) if x is None else deeper(x)

    with pytest.raises(RecursionError) as caught:
        deeper(keras.Input((2,)))
    assert diagnose(caught.value) is None


def test_explained_adds_a_note_and_raises_the_same() -> None:
    with pytest.raises(ValueError, match="incompatible") as caught, explained():
        keras.layers.Add()([keras.Input((8,)), keras.Input((4,))])
    assert "KL206" in caught.value.__notes__[0]
    with pytest.raises(ZeroDivisionError) as plain, explained():
        _ = 1 / 0
    assert not hasattr(plain.value, "__notes__")


def test_fix_apply_makes_edits_in_any_order() -> None:
    fix = Fix(
        "both", "", edits=(Edit(0, 0, 0, 1, "x"), Edit(1, 2, 1, 3, "z"), Edit(0, 4, 0, 5, "y"))
    )
    assert fix.apply("a = b\nc.d\n") == "x = y\nc.z\n"
    with pytest.raises(ValueError, match="no place"):
        Fix("told", "x = 1").apply("a")


def test_text_has_all_parts(tmp_path: Path) -> None:
    finding, _, _ = failed(
        tmp_path, "a, b = keras.Input((8,)), keras.Input((4,))\nout = layers.Add()([a, b])"
    )
    text = str(finding)
    for part in ("KL206", "where", "got", "a: ? × 8", "mend", "36 parameters", "explain('KL206')"):
        assert part in text
