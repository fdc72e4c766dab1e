"""Uploads: a form that was sent as multipart, its fields and its files."""

import io

import multipart  # type: ignore[import-untyped]
from msgspec import Struct

from tocsin.web.form import FormUnsound
from tocsin.web.guard import PageRequest, check_form


class SentFile(Struct, frozen=True):
    """A file that came with a form."""

    name: str
    content_type: str
    data: bytes


class Upload(Struct, frozen=True):
    """A form's fields and files by name, the last of each."""

    fields: dict[str, str]
    files: dict[str, SentFile]


def read_upload(request: PageRequest, body: bytes) -> Upload:
    """Return a form with files, guarded by the session's token.

    Raises:
        FormForeign: it was made in another session.
        FormUnsound: it is not multipart, is cut off, names a charset that is none, or holds what is no text.
    """
    kind, options = multipart.parse_options_header(request.headers.get("content-type", ""))
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise FormUnsound
    try:
        found = _read(body, options["boundary"])
    except (multipart.MultipartError, UnicodeError, LookupError):  # a part may name a charset that is none
        raise FormUnsound from None
    if any("\0" in text for pair in found.fields.items() for text in pair):
        raise FormUnsound
    check_form(request, found.fields)
    return found


def _read(body: bytes, boundary: str) -> Upload:
    fields, files = {}, {}
    parser = multipart.MultipartParser(io.BytesIO(body), boundary, memory_limit=max(len(body), 1) * 2)
    for part in parser:
        if part.filename is None:
            fields[part.name] = part.value
        else:
            name = part.filename.replace("\0", "")
            files[part.name] = SentFile(name, part.content_type or "", part.raw)
    return Upload(fields, files)
