"""The child that draws: it takes requests from its standard input and writes pages, until nobody asks for a while.

It is run by path, alone and with an empty environment. Each message is four bytes of length and JSON; an answer's
pages follow it. A compiler is kept warm for each template: it draws in milliseconds where a new one takes a tenth of a second.
"""

import json
import os
import resource
import select
import signal
import struct
from functools import cache
from pathlib import Path
from typing import Any

import typst

IDLE_SECONDS = 60.0
_ASKED, _TOLD = 0, 1


def main() -> None:
    """Answer what is asked; end when the other end is closed, or says nothing for a minute."""
    for name in (signal.SIGINT, signal.SIGTERM):  # whoever stops a group stops the desk, which ends this one
        signal.signal(name, signal.SIG_IGN)
    for what in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(what, (0, 0))
    while select.select([_ASKED], [], [], IDLE_SECONDS)[0] and (head := _read(4)):
        asked = json.loads(_read(struct.unpack(">I", head)[0]))
        try:
            told, pages = draw(asked)
        except Exception as fault:  # noqa: BLE001 - whatever the engine raised is the answer
            told, pages = {"fault": f"{type(fault).__name__}: {fault}"}, []
        answer = json.dumps({**told, "pages": [len(page) for page in pages]}).encode()
        _write(b"".join([struct.pack(">I", len(answer)), answer, *pages]))


def draw(asked: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Return what the engine says of a request, and the pages that it drew."""
    compiler = _compiler(asked["template"], asked["fonts"])
    drawn, warnings = compiler.compile_with_warnings(
        format=asked["form"],
        ppi=asked["ppi"],
        sys_inputs=asked["inputs"],
        pdf_tags=asked["tagged"],
        timestamp=0,
    )
    told: dict[str, Any] = {"warnings": [str(one) for one in warnings]}
    if asked["label"]:  # of what was compiled last
        told["said"] = json.loads(compiler.query(asked["label"], field="value"))
        return told, []
    return told, [page for page in (drawn if isinstance(drawn, list) else [drawn]) if page is not None]


@cache
def _compiler(template: str, fonts: str) -> typst.Compiler:
    return typst.Compiler(
        template, root=str(Path(template).parent), font_paths=_fonts(fonts), ignore_system_fonts=True
    )


@cache
def _fonts(folder: str) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def _read(size: int) -> bytes:
    kept = bytearray()
    while len(kept) < size and (part := os.read(_ASKED, size - len(kept))):
        kept += part
    return bytes(kept)


def _write(data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(_TOLD, left) :]


if __name__ == "__main__":
    main()
