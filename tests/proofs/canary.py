"""People whose text is known to the byte, and where in an answer or a file it stands."""

import base64
import io
import json
import re
import zipfile
from urllib.parse import quote

from tests.tickets.paper import words_of
from tocsin.core.party import Party

HER = Party(
    name="鱊鱲鱴", phone="13700987654", province="安徽省", city="合肥市", district="蜀山区", address="紫薇大道 7 号 13 栋 2604 室",
    postcode="230088", buyer_note="鱊鱲鱴 13700987654 送到 紫薇大道 7 号 13 栋 2604 室",
)  # fmt: skip
HELD = Party(name="鱯鱰鱱", phone="1379876541", city="合肥市", address="翡翠路 9 号 21 幢 1807 室")
TYPED = Party(name="鲄鲅鲆", phone="13799887766", city="合肥市", address="繁华大道 5 号 8 座 903 室")
WHO = {"HER": HER, "HELD": HELD, "TYPED": TYPED}


def needles() -> dict[bytes, str]:
    """Return each real text as pages and files may hold it, and whose it is."""
    found: dict[bytes, str] = {}
    for who, party in WHO.items():
        unit = party.address.partition(" 号 ")[2]
        spaced = f"{party.phone[:3]} {party.phone[3:7]} {party.phone[7:]}"
        for text in (party.name, party.phone, spaced, spaced.replace(" ", "-"), unit, party.postcode):
            for one in [text.encode(coding) for coding in ("utf-8", "utf-16-le", "gb18030")] if text else ():
                found |= {one: who, base64.b64encode(one)[:-3] or one: who}
            found |= {json.dumps(text)[1:-1].encode(): who, quote(text).encode(): who} if text else {}
    return found


def whose(data: bytes, wanted: dict[bytes, str]) -> set[str]:
    """Return whose real text is in an answer; archives are looked into, a PDF is read through its fonts."""
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {who for name in archive.namelist() for who in whose(archive.read(name), wanted)}
    if data.startswith(b"%PDF"):
        data = re.sub(r"\s", "", words_of(data)).encode()
        wanted = {re.sub(rb" ", b"", one): who for one, who in wanted.items()}
    return {who for one, who in wanted.items() if one in data}
