"""Templates compiled once for all languages and processes: their words are looked up when a page is drawn.

The code lies in a `__pycache__` beside the templates, as Python's own beside the modules, and is trusted as much.
"""

import hashlib
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from jinja2.bccache import Bucket, FileSystemBytecodeCache


class SharedCode(FileSystemBytecodeCache):
    """Keeps the code of templates in memory and in a folder; a changed template has another checksum and is compiled again."""

    def __init__(self, folder: Path, *, options: bytes) -> None:
        """Keep it for one way of compiling: `options` is all that tells it from another, as the text that sets it up."""
        told = b"\0".join((version("jinja2").encode(), sys.version.encode(), options))
        self._kept: dict[str, bytes] = {}
        self._folder = folder / "__pycache__"
        super().__init__(str(self._folder), f"%s-{hashlib.sha256(told).hexdigest()[:16]}.jinja")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket with the code that another language's environment, or another process, has compiled."""
        if code := self._kept.get(bucket.key):
            bucket.bytecode_from_string(code)
        else:
            with suppress(Exception):  # whatever lies there: the template itself is at hand
                super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template."""
        self._kept[bucket.key] = bucket.bytecode_to_string()
        if not sys.dont_write_bytecode:
            with suppress(OSError):  # installed where this process may not write
                self._folder.mkdir(exist_ok=True)
                super().dump_bytecode(bucket)
