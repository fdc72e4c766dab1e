"""How both doors send a file that is whole: with its digest, and by parts where one was broken off."""

from base64 import b64encode
from pathlib import Path
from typing import Any

from litestar import Request, Response
from litestar.response import File, Stream

from tocsin.orders.download import Download
from tocsin.orders.file_part import read_part, read_range
from tocsin.orders.format import find_format


def send_file(request: Request[Any, Any, Any], found: Download) -> File | Stream | Response[None]:
    """Return a complete download as a whole, or the part that is asked for.

    Source: RFC 9110 §14.4 (206), §15.5.17 (416); RFC 9530 (Repr-Digest is the whole file's in each answer).
    """
    etag, size = f'"{found.sha256}"', found.size_bytes
    media_type = find_format(found.format).media_type.partition(";")[
        0
    ]  # the framework adds the charset of a text
    headers = {
        "accept-ranges": "bytes", "etag": etag, "x-content-sha256": found.sha256,
        "repr-digest": f"sha-256=:{b64encode(bytes.fromhex(found.sha256)).decode()}:",
        "content-disposition": f'attachment; filename="{found.name}"',
    }  # fmt: skip
    part = read_range(
        request.headers.get("range", ""), request.headers.get("if-range", ""), etag=etag, size=size
    )
    if part is None:
        return File(found.path, filename=found.name, media_type=media_type, headers=headers)
    if not part:
        return Response(None, status_code=416, headers={"content-range": f"bytes */{size}"})
    headers |= {
        "content-range": f"bytes {part.start}-{part.stop - 1}/{size}",
        "content-length": str(len(part)),
    }
    return Stream(read_part(Path(found.path), part), status_code=206, media_type=media_type, headers=headers)
