"""What templates are compiled to is kept beside them; what is cut off, foreign or of another way of compiling is not taken."""

from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from tocsin.web import page
from tocsin.web.compiled import SharedCode
from tocsin.web.page import TEMPLATE_DIR


def draw(folder: Path, *, options: bytes = b"") -> tuple[str, int]:
    """Return what a template says in a process of its own, and how many were compiled for it."""
    compiled = 0

    class Counting(Environment):
        def compile(self, *given: object, **more: object) -> object:  # type: ignore[override]
            nonlocal compiled
            compiled += 1
            return super().compile(*given, **more)  # type: ignore[call-overload]

    kept = SharedCode(folder, options=options)
    said = [
        Counting(loader=FileSystemLoader(folder), bytecode_cache=kept)
        .get_template("a.html")
        .render(name="林")
        for _ in ("zh", "en")
    ]
    assert said[0] == said[1]
    return said[0], compiled


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one template; compiled code may be written."""
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    (tmp_path / "a.html").write_text("你好 {{ name }}", "utf-8")
    return tmp_path


def test_it_is_compiled_once_for_all_processes(folder: Path) -> None:
    assert [draw(folder) for _ in range(2)] == [("你好 林", 1), ("你好 林", 0)]
    (folder / "a.html").write_text("再见 {{ name }}", "utf-8")
    assert [draw(folder) for _ in range(2)] == [("再见 林", 1), ("再见 林", 0)]
    assert draw(folder, options=b"another") == ("再见 林", 1)


def test_what_is_broken_is_compiled_anew(folder: Path) -> None:
    draw(folder)
    (kept,) = (folder / "__pycache__").glob("*.jinja")
    whole = kept.read_bytes()
    cut = [whole[:length] for length in range(len(whole))]
    other = [whole[:at] + bytes([byte]) + whole[at + 1 :] for at in range(60, 90) for byte in b"\x80\x98"]
    for broken in (b"x", *cut):
        kept.write_bytes(broken)
        assert draw(folder) == ("你好 林", 1), len(broken)
    for changed in other:
        kept.write_bytes(changed)
        assert draw(folder)[0] == "你好 林", changed[:24]
    assert draw(folder) == ("你好 林", 0)


def test_where_nothing_may_be_written_it_is_kept_in_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "__pycache__").write_text("a file where the folder would be")
    assert draw(folder) == ("你好 林", 1)
    (folder / "__pycache__").unlink()
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    assert draw(folder) == ("你好 林", 1)
    assert not (folder / "__pycache__").exists()


def test_the_desk_s_own_are_told_from_those_that_were_compiled_another_way() -> None:
    assert (
        page._compiled.pattern == SharedCode(TEMPLATE_DIR, options=Path(page.__file__).read_bytes()).pattern
    )
