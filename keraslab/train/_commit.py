"""The git commit of the work at hand, read without starting git."""

from __future__ import annotations

from pathlib import Path


def git_commit(folder: Path | None = None) -> str | None:
    """The commit that is checked out around a folder; None where there is none.

    Changes that are not committed are not seen.

    Args:
        folder: Where to look, upwards; None for the present one.
    """
    try:
        here = (folder or Path.cwd()).resolve()
        for place in (here, *here.parents):
            if (place / ".git").exists():
                return _head(_git_folder(place / ".git"))
    except (OSError, UnicodeError):
        pass
    return None


def _git_folder(git: Path) -> Path:
    if git.is_dir():
        return git
    said = git.read_text("utf-8").strip()  # a second work tree: "gitdir: PATH"
    return (git.parent / said.removeprefix("gitdir:").strip()).resolve()


def _head(git: Path) -> str | None:
    head = (git / "HEAD").read_text("utf-8").strip()
    if not head.startswith("ref:"):
        return _hash(head)
    name = head.removeprefix("ref:").strip()
    common = git
    if (git / "commondir").is_file():
        common = (git / (git / "commondir").read_text("utf-8").strip()).resolve()
    for folder in (git, common):
        if (folder / name).is_file():
            return _hash((folder / name).read_text("utf-8").strip())
    packed = common / "packed-refs"
    if packed.is_file():
        for row in packed.read_text("utf-8").splitlines():
            found, _, ref = row.partition(" ")
            if ref == name:
                return _hash(found)
    return None


def _hash(text: str) -> str | None:
    whole = len(text) in (40, 64) and all(each in "0123456789abcdef" for each in text)
    return text if whole else None
