"""The typesetter: what its child draws, that it is started when it is needed, and that no fault of it is taken for a page."""

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.counter import wait_for
from tocsin.core import typeset as box
from tocsin.core.typeset import EngineFault, Template, query, typeset
from tocsin.tickets.engine import FONTS

_PAGE = '#set page(width: 40mm, height: 10mm)\n#set text(font: "Noto Sans SC")\n#sys.inputs.word #metadata("here") <of>'


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin without a child, and leave none."""
    monkeypatch.setattr(box, "_idle", kept := [])
    yield
    for child in kept:
        child.end()


def of(folder: Path, text: str = _PAGE) -> Template:
    (folder / "page.typ").write_text(text, "utf-8")
    return Template(folder / "page.typ", FONTS)


def pid() -> int:
    (child,) = box._idle
    return child._process.pid


def test_a_child_draws_and_is_kept_and_what_people_write_is_text(tmp_path: Path) -> None:
    template = of(tmp_path)
    (page,) = typeset(template, {"word": '#panic("x") 砀山'}, "png")
    first = pid()
    assert page.startswith(b"\x89PNG") and (page,) == (
        *typeset(template, {"word": '#panic("x") 砀山'}, "png"),
    )
    assert typeset(template, {"word": "a"}, "pdf")[0].startswith(b"%PDF")
    assert query(template, {"word": "a"}, label="<of>") == ["here"]
    assert pid() == first


def test_a_desk_with_more_than_a_thousand_open_files_draws(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (2_048 if hard == resource.RLIM_INFINITY else min(hard, 2_048), hard)
    )
    opened = list[int]()
    try:
        while not opened or opened[-1] < 1_024:
            opened.append(os.open(os.devnull, os.O_RDONLY))
        assert typeset(of(tmp_path), {"word": "a"}, "png")
    finally:
        for one in opened:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("text", "said"), [("#panic(1)", "panicked"), ('#set text(font: "No Such")\nx', "unknown font"), ("#let", "expected")]
)  # fmt: skip
def test_what_it_refuses_and_what_it_warns_of_is_a_fault(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(EngineFault, match=said):
        typeset(of(tmp_path, text), {}, "png")
    assert typeset(of(tmp_path / ".."), {"word": "on"}, "png"), "it goes on"


def test_a_child_that_ended_while_nobody_asked_is_followed_by_another(tmp_path: Path) -> None:
    template = of(tmp_path)
    typeset(template, {"word": "a"}, "png")
    first = pid()
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not box._idle[0].is_alive())
    typeset(template, {"word": "b"}, "png")
    assert pid() != first
    second = box._idle[0]
    second.is_alive = lambda: True  # type: ignore[method-assign] - it ends between the look and the question
    os.kill(pid(), signal.SIGKILL)
    assert typeset(template, {"word": "c"}, "png") and box._idle[0] is not second


def test_a_stop_of_the_whole_group_leaves_it_to_finish_and_it_ends_with_its_desk(tmp_path: Path) -> None:
    template = of(tmp_path)
    typeset(template, {"word": "a"}, "png")
    first = pid()
    for name in (signal.SIGINT, signal.SIGTERM):
        os.kill(first, name)
    typeset(template, {"word": "b"}, "png")
    assert pid() == first
    (child,) = box._idle
    assert child._process.stdin is not None
    child._process.stdin.close()
    assert child._process.wait(5) == 0


def test_a_drawing_that_takes_too_long_is_ended_and_one_without_a_child_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hasty, pytest.raises(EngineFault, match="took"):
        hasty.setattr(box, "_WALL_SECONDS", 0.001)
        typeset(of(tmp_path), {"word": "a"}, "png")
    assert not box._idle
    monkeypatch.setattr(box, "_CHILD", tmp_path / "none.py")
    with pytest.raises(EngineFault, match="ended"):
        typeset(of(tmp_path), {"word": "a"}, "png")
