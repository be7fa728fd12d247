"""`keraslab lab` copies the notebooks, keeps what is there, and opens the tour."""

from pathlib import Path

import pytest

from keraslab import cli


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """Record what JupyterLab would be started with, in an empty working folder."""
    calls: list[list[str]] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "_open_jupyterlab", lambda arguments: calls.append(arguments) or 0)
    return calls


def test_copies_and_opens(opened: list, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["lab"]) == 0
    assert opened == [[str(Path("keraslab-notebooks", cli.TOUR))]]
    tour = tmp_path / "keraslab-notebooks" / cli.TOUR
    assert tour.read_text(encoding="utf-8").startswith("{")
    out = capsys.readouterr().out
    assert f"Copied to keraslab-notebooks: {cli.TOUR}" in out
    assert "Kept" not in out


def test_never_over_a_file(opened: list, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    tour = tmp_path / "mine" / cli.TOUR
    tour.parent.mkdir()
    tour.write_text("my own work")
    assert cli.main(["lab", "mine"]) == 0
    assert tour.read_text() == "my own work"
    assert f"Kept as they were in mine: {cli.TOUR}" in capsys.readouterr().out
    assert len(opened) == 1


def test_options_of_jupyterlab_are_passed_on(opened: list) -> None:
    cli.main(["lab", "a b", "--", "--no-browser", "--port=8899"])
    assert opened == [[str(Path("a b", cli.TOUR)), "--no-browser", "--port=8899"]]
    cli.main(["lab", "--", "--no-browser"])
    assert opened[1][1:] == ["--no-browser"]


def test_a_folder_that_cannot_be_made(
    opened: list, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "taken").write_text("a file")
    assert cli.main(["lab", "taken"]) == 1
    assert opened == []
    (line,) = capsys.readouterr().err.splitlines()
    assert "taken" in line


def test_says_when_the_data_is_missing(
    opened: list, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(cli, "find_spec", lambda name: None)
    cli.main(["lab"])
    assert "pip install 'keraslab[data]'" in capsys.readouterr().out
    assert len(opened) == 1


@pytest.mark.parametrize("arguments", [["fly"], ["lab", "--no-browser"], ["lab", "a", "b"]])
def test_a_wrong_word_is_named(
    arguments: list[str], opened: list, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(arguments)
    assert exit_.value.code == 2
    assert arguments[-1] in capsys.readouterr().err
    assert opened == []


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture) -> None:
    assert cli.main([]) == 0
    assert "keraslab" in capsys.readouterr().out
