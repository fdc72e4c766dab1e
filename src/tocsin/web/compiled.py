"""Templates compiled once for all languages and processes: their words are looked up when a page is drawn.

The code lies in a `__pycache__` beside the templates, as Python's own beside the modules, and is trusted as much.
"""

import hashlib
import os
import pickle
import sys
import tempfile
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from jinja2.bccache import Bucket, BytecodeCache


class SharedCode(BytecodeCache):
    """Keeps the code of templates in memory and in a folder; a changed template has another checksum and is compiled again."""

    def __init__(self, folder: Path, *, options: bytes) -> None:
        """Keep it for one way of compiling: `options` is all that tells it from another, as the text that sets it up."""
        self._kept: dict[str, bytes] = {}
        self._folder = folder / "__pycache__"
        told = b"\0".join((version("jinja2").encode(), sys.version.encode(), options))
        self._mark = hashlib.sha256(told).hexdigest()[:16]

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket with the code that another language's environment, or another process, has compiled."""
        code = self._kept.get(bucket.key) or self._read(bucket.key)
        if not code:
            return
        try:
            bucket.bytecode_from_string(code)
        except (EOFError, ValueError, TypeError, pickle.UnpicklingError):  # cut off, or not ours
            bucket.reset()
            return
        self._kept[bucket.key] = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template."""
        self._kept[bucket.key] = code = bucket.bytecode_to_string()
        if not sys.dont_write_bytecode:
            with suppress(OSError):  # installed where this process may not write
                self._write(bucket.key, code)

    def _read(self, key: str) -> bytes:
        try:
            return self._place(key).read_bytes()
        except OSError:
            return b""

    def _write(self, key: str, code: bytes) -> None:
        self._folder.mkdir(exist_ok=True)
        handle, made = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(handle, "wb") as file:
            file.write(code)
        Path(made).replace(self._place(key))

    def _place(self, key: str) -> Path:
        return self._folder / f"{key}-{self._mark}.jinja"
