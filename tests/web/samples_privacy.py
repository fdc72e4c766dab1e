"""Samples of the pages of privacy."""

from tests.web.sample_parts import T0, Context, shell
from tocsin.orders.compaction import Compaction
from tocsin.orders.erase import Erasure
from tocsin.orders.legal import LegalHold
from tocsin.orders.person import PrivacyRules

_AT = "/settings/privacy"
_FORM = {"keep_days": "180", "ledger_days": "365", "managers_erase": ""}
_ERASED = Erasure(
    id=7, person_id=9, orders=3, reason="本人要求", state="done", found="{}", actor_name="王梅", at_us=T0, done_at_us=T0
)  # fmt: skip
_COUNTS = {
    "lookups": 4,
    "quarantine": 1,
    "imports": 1,
    "conflicts": 1,
    "downloads": 2,
    "screens": 0,
    "answers": 1,
}
_WRITTEN = Compaction(
    id=8, state="running", left_over="", size_before=1, size_after=0, at_us=T0, due_at_us=T0, began_at_us=T0, done_at_us=0
)  # fmt: skip
_RULES = {"form": _FORM, "revision": 1, "proved": True, "error": ""}
_PERSON = {
    "person": "9", "made_at_us": str(T0), "orders": [{
        "number": "HF-20261122-0001", "looked_up": [{"at_us": str(T0), "by": "lin", "door": "page", "kind": "detail", "purpose": ""}],
        "revisions": [{
            "revision": 1, "merchant_note": "", "lines": [{"title": "酥梨", "spec": "5 斤", "quantity_micro": 2_000_000}],
            "receiver": {"name": "王小明", "phone": "13812345678", "province": "安徽省", "city": "合肥市", "district": "蜀山区",
                         "address": "黄山路 12 号", "postcode": "", "buyer_note": ""},
        }],
    }],
}  # fmt: skip

PRIVACY_SAMPLES: dict[str, tuple[str, Context]] = {
    "erasure": ("settings/erasure.html", {"shell": shell(f"{_AT}/erasures/7", "settings"), "one": _ERASED, "counts": _COUNTS, "digest": "5e" * 32, "written": _WRITTEN}),
    "privacy_rules": ("settings/privacy_rules.html", {"shell": shell(f"{_AT}/rules", "settings"), **_RULES, "foreseen": 0, "asked": None}),
    "privacy_rules_seen": ("settings/privacy_rules.html", {"shell": shell(f"{_AT}/rules", "settings"), **_RULES, "foreseen": 42, "asked": PrivacyRules(keep_days=180)}),
    "legal_holds": ("settings/legal_holds.html", {"shell": shell(f"{_AT}/holds", "settings"), "rows": [{"one": LegalHold(5, "仲裁 2026-17", "王梅", T0), "number": "HF-20261122-0001"}], "form": {}, "error": ""}),
    "person_file": ("settings/person_file.html", {"zone": "Asia/Shanghai", **_PERSON}),
}  # fmt: skip
