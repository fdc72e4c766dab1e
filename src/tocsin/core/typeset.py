"""The typesetter: pages that typst makes of a template and its inputs, drawn in a child that is started on demand.

What a drawing takes, a quarter of a gigabyte for metres of paper, goes with the child; a desk that draws nothing
never loads the engine. What people wrote reaches a template as text in `sys.inputs`: it is data, never markup.
"""

import json
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal, cast

from msgspec import Struct

CHILDREN_MOST = 4
_WALL_SECONDS = 60.0
_CHILD = Path(__file__).with_name("typeset_child.py")
_turns = threading.BoundedSemaphore(CHILDREN_MOST)
_idle: "list[_Child]" = []


class EngineFault(RuntimeError):
    """The engine warned or drew more than one page: the paper would not be what was checked."""


class _ChildGone(Exception):
    """The child ended before it answered."""


class Template(Struct, frozen=True):
    """A template's file, and the folder of the only fonts that it has."""

    path: Path
    fonts: Path


def typeset(
    template: Template, inputs: dict[str, str], form: Literal["pdf", "png"], *, ppi: float = 144.0, tagged: bool = False
) -> list[bytes]:  # fmt: skip
    """Return the pages of a template and its inputs as PNG, or one PDF of all.

    Raises:
        EngineFault: the engine refused, warned (a font is missing, say), or took a minute.
    """
    told, pages = _ask(_request(template, inputs, form=form, ppi=ppi, tagged=tagged, label=""))
    if told["warnings"]:
        raise EngineFault("; ".join(told["warnings"]))
    return pages


def query(template: Template, inputs: dict[str, str], *, label: str) -> list[str]:
    """Return what a template says of itself, once it is drawn, as metadata with a label such as `<no-room>`.

    Raises:
        EngineFault: as `typeset`; what it warned of is not looked at.
    """
    told, _ = _ask(_request(template, inputs, form="png", ppi=36.0, tagged=False, label=label))
    said: list[str] = told["said"]
    return said


class _Child:
    """One process that draws; who is kept until nobody has asked for a minute."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(_CHILD)], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env={}, cwd="/", bufsize=0
        )  # fmt: skip

        self._said = select.poll()  # select.select takes no number beyond 1023, and a desk has thousands
        self._said.register(cast("IO[bytes]", self._process.stdout), select.POLLIN)

    def ask(self, request: bytes) -> tuple[dict[str, Any], list[bytes]]:
        """Return the answer's head and its pages."""
        until = time.monotonic() + _WALL_SECONDS
        to, left = cast("IO[bytes]", self._process.stdin), memoryview(request)
        try:
            while left:
                left = left[to.write(left) :]
        except BrokenPipeError:
            raise _ChildGone from None
        told = json.loads(self._read(struct.unpack(">I", self._read(4, until))[0], until))
        return told, [self._read(size, until) for size in told["pages"]]

    def is_alive(self) -> bool:
        """Tell whether it has not ended by itself."""
        return self._process.poll() is None

    def end(self) -> None:
        """End it, whatever it does."""
        with self._process:
            self._process.kill()

    def _read(self, size: int, until: float) -> bytes:
        source, kept = cast("IO[bytes]", self._process.stdout), bytearray()
        while len(kept) < size:
            if not self._said.poll(max(until - time.monotonic(), 0.0) * 1000):
                raise EngineFault(f"the drawing took {_WALL_SECONDS:.0f} seconds")
            part = source.read(size - len(kept))
            if not part:
                raise _ChildGone
            kept += part
        return bytes(kept)


def _request(template: Template, inputs: dict[str, str], **more: Any) -> bytes:
    asked = {"template": str(template.path), "fonts": str(template.fonts), "inputs": inputs, **more}
    text = json.dumps(asked).encode()
    return struct.pack(">I", len(text)) + text


def _ask(request: bytes) -> tuple[dict[str, Any], list[bytes]]:
    with _turns:
        for kept in (True, False):
            try:
                with _borrowed(kept=kept) as child:
                    told, pages = child.ask(request)
            except _ChildGone:  # a kept one may have ended just now, having waited for long enough
                continue
            if "fault" in told:
                raise EngineFault(told["fault"])
            return told, pages
    raise EngineFault("the drawing's process ended")


def _take() -> _Child | None:
    while _idle:
        if (child := _idle.pop()).is_alive():
            return child
    return None


@contextmanager
def _borrowed(*, kept: bool) -> "Iterator[_Child]":
    """Lend a child; one that broke is not taken back."""
    child = _take() if kept else None
    child = child or _Child()
    try:
        yield child
    except BaseException:
        child.end()
        raise
    _idle.append(child)
