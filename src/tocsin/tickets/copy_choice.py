"""What each copy shows: blocks that a merchant or a shop leaves out of its tickets, within bounds.

What a paper is (number, copy, revision, marks, goods, serial, 本小票非发票) can't be left out.
"""

from collections.abc import Sequence

from msgspec import Struct

from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.preference import change_preference, read_preference

BOX = "tickets.copies"
FULL_PHONE = "full_phone"
BLOCKS = (
    "logo", "channel", "times", "payment", "prices", "name", "phone", FULL_PHONE, "address", "note", "qr", "barcode",
)  # fmt: skip
# What a copy leaves out while nothing is chosen, and what it always does or never may.
HIDDEN: dict[str, tuple[str, ...]] = {
    "merchant": (),
    "customer": (FULL_PHONE,),
    "kitchen": ("logo", "payment", "prices", FULL_PHONE, "address"),
    "delivery": (),
}
ALWAYS: dict[str, frozenset[str]] = {"customer": frozenset({FULL_PHONE}), "kitchen": frozenset({FULL_PHONE})}
NEVER: dict[str, frozenset[str]] = {"delivery": frozenset({"payment", "name", "phone", "address"})}


class CopyPreference(Struct, frozen=True, kw_only=True):
    """What each copy leaves out, by its blocks; a copy that is not named is as it is by default."""

    hidden: dict[str, tuple[str, ...]] = {}

    def of(self, copy: str) -> tuple[str, ...]:
        """Return what a copy leaves out, within the bounds whatever was stored."""
        chosen = set(self.hidden.get(copy, HIDDEN[copy])) | ALWAYS.get(copy, frozenset())
        return tuple(block for block in BLOCKS if block in chosen - NEVER.get(copy, frozenset()))


class CopyWrong(Refusal):
    """The copy “{copy}” can't be set so: {problem}"""

    kind, code = "invalid", "copy_wrong"


def read_copies(tx: Tx, *, shop_id: int = 0) -> CopyPreference:
    """Return what a shop, else its merchant, has chosen."""
    return read_preference(tx, CopyPreference, box=BOX, shop_id=shop_id)


def choose_copies(tx: Tx, actor: Actor, *, chosen: CopyPreference, revision: int, shop_id: int = 0) -> int:
    """Store what each copy leaves out, against the revision that was seen; return the new one.

    Papers that wait are drawn anew when their turn comes.

    Raises:
        CopyWrong: there is no such copy or block, or the copy may not do without it, or without any code.
        NotAllowed, PreferenceMoved
    """
    for copy, blocks in chosen.hidden.items():
        _require_fit(copy, blocks)
    kept = CopyPreference(hidden={copy: chosen.of(copy) for copy in chosen.hidden})
    return change_preference(tx, actor, kept, box=BOX, revision=revision, shop_id=shop_id)


def _require_fit(copy: str, blocks: Sequence[str]) -> None:
    if copy not in HIDDEN or not set(blocks) <= set(BLOCKS):
        raise CopyWrong(
            copy=copy[:20], problem="there is no such copy or block: choose of those that are listed"
        )
    if NEVER.get(copy, frozenset()) & set(blocks):
        raise CopyWrong(
            copy=copy,
            problem="whoever delivers needs name, phone, address and what to collect: leave them on",
        )
    if ALWAYS.get(copy, frozenset()) - set(blocks):
        raise CopyWrong(
            copy=copy, problem="it goes to people who may not see the whole phone number: leave it masked"
        )
    if {"qr", "barcode"} <= set(blocks):
        raise CopyWrong(
            copy=copy, problem="a paper without any code can't be asked whether it still holds: leave one on"
        )
