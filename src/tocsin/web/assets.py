"""The pages' own files as they are served: one style sheet and one script made of many, compressed once, named by content."""

import gzip
import hashlib
import mimetypes
import re
from functools import cache
from pathlib import Path
from typing import Any

from litestar import HttpMethod, Request, Response, route
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct

STATIC = Path(__file__).parent / "static"
SHEETS = ("tokens.css", "shell.css", "parts.css", "alarm.css")
MADE = {"desk.css", "desk.js"}
_PACKED = (".css", ".js", ".svg", ".wasm", ".LICENSE")
_IMPORT = re.compile(r'^import (?:(\{[^}]+\}) from )?"\./([\w.]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function (\w+)|(?:const|let) (\w+))", re.MULTILINE)


class Asset(Struct, frozen=True):
    """One file: what it holds, packed too where that is shorter, and the start of its hash."""

    body: bytes
    packed: bytes
    kind: str
    mark: str


@cache
def read_asset(name: str) -> Asset | None:
    """Return a file by its path under /static, or None; read, joined and compressed at its first use."""
    path = (STATIC / name).resolve()
    if name in MADE:
        body = (join_sheets if name == "desk.css" else join_scripts)().encode()
    elif path.is_relative_to(STATIC) and path.is_file():
        body = path.read_bytes()
    else:
        return None
    packed = gzip.compress(body, 9, mtime=0) if name.endswith(_PACKED) else b""
    kind = mimetypes.guess_type(name)[0] or "text/plain"
    return Asset(
        body, packed if len(packed) < len(body) else b"", kind, hashlib.sha256(body).hexdigest()[:12]
    )


@cache
def address_of(name: str) -> str:
    """Return the address of a file under the name of its content, which browsers keep for good.

    Raises:
        FileNotFoundError: there is no such file.
    """
    asset = read_asset(name)
    if asset is None:
        raise FileNotFoundError(name)
    return f"/static/{name}?v={asset.mark}"


def join_sheets() -> str:
    """Return the style sheets as one, in their order."""
    return "".join((STATIC / "css" / name).read_text() for name in SHEETS)


def join_scripts(first: str = "desk.js") -> str:
    """Return the scripts that `desk.js` imports as one classic script: each a function of its own, its exports a constant.

    Thirty files asked one after another cost a phone a second; what they say stays in thirty files.

    Raises:
        ValueError: a file imports or exports in a way that is not joined.
    """
    made: dict[str, str] = {}
    _join(first, made)
    return '"use strict";\n' + "\n".join(made.values())


def _join(name: str, made: dict[str, str]) -> None:
    text = (STATIC / "js" / name).read_text()
    for _, other in _IMPORT.findall(text):
        if other not in made:
            _join(other, made)
    names = [one or two for one, two in _EXPORT.findall(text)]
    text = _EXPORT.sub("", _IMPORT.sub(_take, text))
    waits = re.search(r"^(?!.*(?:async|//)).*\bawait\b", _outer(text), re.MULTILINE)
    if re.search(r"^(import|export)\b", text, re.MULTILINE) or (waits and names):
        raise ValueError(f"{name} can't be joined: write its imports and exports as the others do")
    head = "(async () => {" if waits else "(() => {"
    kept = f"const {_constant(name)} = " if names else ""
    made[name] = f"{kept}{head}\n{text}\nreturn {{ {', '.join(names)} }};\n}})();"


def _take(found: re.Match[str]) -> str:
    return f"const {found[1].replace(' as ', ': ')} = {_constant(found[2])};" if found[1] else ""


def _constant(name: str) -> str:
    return "from_" + name.removesuffix(".js")


def _outer(text: str) -> str:
    """Return the lines that stand in no function: our scripts indent what does."""
    return "\n".join(line for line in text.splitlines() if line[:1].strip())


@route("/static/{name:path}", http_method=[HttpMethod.GET, HttpMethod.HEAD], sync_to_thread=False)
def get_static(request: Request[Any, Any, Any], name: FromPath[Path]) -> Response[bytes]:
    """Give a file of the pages, packed where the browser takes that."""
    asset = read_asset(str(name).lstrip("/"))
    if asset is None:
        raise NotFoundException
    packed = asset.packed if "gzip" in request.headers.get("accept-encoding", "") else b""
    mark = f'"{asset.mark}{"-gzip" if packed else ""}"'
    headers = {"etag": mark, "vary": "accept-encoding"}
    if request.headers.get("if-none-match") == mark:
        return Response(b"", status_code=304, headers=headers, media_type=asset.kind)
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(packed or asset.body, status_code=200, headers=headers, media_type=asset.kind)
