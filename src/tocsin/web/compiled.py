"""Templates compiled once for all languages: their words are looked up when a page is drawn."""

from jinja2.bccache import Bucket, BytecodeCache


class SharedCode(BytecodeCache):
    """Keeps the code of templates in memory; a changed template has another checksum and is compiled again."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket with the code that another language's environment has compiled."""
        if code := self._kept.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template."""
        self._kept[bucket.key] = bucket.bytecode_to_string()
