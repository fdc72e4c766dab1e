"""Take the test vectors out of the specification's source: `python extract.py < index.bs > vectors.json`."""

import json
import re
import sys
from typing import Any

PARTS = {
    "registration": ("challenge", "credential_private_key", "private_key", "credential_id", "clientDataJSON", "attestationObject"),
    "authentication": ("challenge", "authenticatorData", "clientDataJSON", "signature"),
}  # fmt: skip


def extract(source: str) -> list[dict[str, Any]]:
    """Return each vector with its heading; bytes in hex."""
    found = []
    for title, anchor, text in re.findall(
        r"^## ([^\n]+?) ## \{#sctn-test-vectors-([^}]+)\}\n(.*?)(?=^## )", source, re.M | re.S
    ):
        blocks = re.findall(r"<xmp[^>]*>\n(.*?)</xmp>", text, re.S)
        if len(blocks) != len(PARTS):
            continue
        vector: dict[str, Any] = {"name": anchor, "title": re.sub(r"[\[\]=]", "", title)}
        for (part, wanted), block in zip(PARTS.items(), blocks, strict=True):
            values = dict(re.findall(r"^(\w+) = h'([0-9a-f]*)'", block, re.M))
            vector[part] = {name: values[name] for name in wanted if name in values}
        found.append(vector)
    return found


if __name__ == "__main__":
    json.dump(extract(sys.stdin.read()), sys.stdout, indent=1)
    print()
