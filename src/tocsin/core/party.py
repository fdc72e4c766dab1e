"""Parties: the only home of personal data.

A party version belongs to one order. Its real text is sealed under the data key of that person,
the masked text stands beside it in clear, so that lists never unseal.
"""

import re
import secrets
from operator import attrgetter

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from tocsin.core.db import Tx
from tocsin.core.ident import new_id
from tocsin.core.schema import big, blob, index, merchant_table, text
from tocsin.core.statement import Statement, bind, insert_into, own, upsert
from tocsin.core.vault import KEY_BYTES, MerchantKeys, SealBroken, seal, unseal


class Party(Struct, frozen=True, kw_only=True):
    """The receiver, with all text that may tell who he is; real or masked."""

    name: str = ""
    phone: str = ""
    country: str = "CN"
    province: str = ""
    city: str = ""
    district: str = ""
    address: str = ""
    postcode: str = ""
    buyer_note: str = ""


class StoredParty(Party, frozen=True, kw_only=True):
    """A party as it is stored: beside the receiver the merchant's note, which may tell as much of him."""

    merchant_note: str = ""


person = merchant_table(
    "person", big("id"), text("phone_digest", nullable=True), blob("wrapped_key", nullable=True),
    big("erased_at_us", nullable=True), key=("id",),
)  # fmt: skip
index(person, "merchant_id", "phone_digest", unique=True)

party = merchant_table(
    "party", big("order_id"), big("version"), big("person_id"), blob("sealed"), text("masked"), text("digest"),
    text("receiver_digest"), key=("order_id", "version"),
)  # fmt: skip
index(party, "merchant_id", "person_id")
index(party, "merchant_id", "receiver_digest", "order_id")


class PartyRow(Struct, frozen=True):
    """A stored party version with its person's wrapped key (None once erased)."""

    order_id: int
    version: int
    person_id: int
    sealed: bytes
    masked: str
    digest: str
    receiver_digest: str
    wrapped_key: bytes | None


class _PersonRow(Struct, frozen=True):
    id: int
    wrapped_key: bytes | None


_PERSON_BY_PHONE = Statement(
    sa.select(person.c.id, person.c.wrapped_key).where(
        own(person), person.c.phone_digest == bind("phone_digest", str)
    ),
    _PersonRow,
)
_PERSON_BY_ID = Statement(
    sa.select(person.c.id, person.c.wrapped_key).where(own(person), person.c.id == bind("id")), _PersonRow
)
_ADD_PERSON = Statement[None](
    upsert(person).on_conflict_do_nothing(),
    sets=("merchant_id", "id", "phone_digest", "wrapped_key", "erased_at_us"),
)
_FORGET_PHONE = Statement[None](
    sa.update(person).where(own(person), person.c.id == bind("b_id")).values(phone_digest=sa.null())
)
_ADD_PARTY = insert_into(party)
PARTY_COLUMNS = (
    party.c.order_id, party.c.version, party.c.person_id, party.c.sealed, party.c.masked, party.c.digest,
    party.c.receiver_digest, person.c.wrapped_key,
)  # fmt: skip
PARTY_WITH_PERSON = party.join(
    person, sa.and_(person.c.merchant_id == party.c.merchant_id, person.c.id == party.c.person_id)
)
GET_PARTY = Statement(
    sa.select(*PARTY_COLUMNS).select_from(PARTY_WITH_PERSON)
    .where(own(party), party.c.order_id == bind("order_id"), party.c.version == bind("version")),
    PartyRow,
)  # fmt: skip
_receiver_of = attrgetter(*Party.__struct_fields__)
_decode = msgspec.json.Decoder(StoredParty).decode
_NOISE = re.compile(r"[\s\-()（）]|^\+86|^0086")


def plain_phone(phone: str) -> str:
    """Return a phone without spaces, dashes and China's prefix, as digests know it."""
    return _NOISE.sub("", phone)


def digest_party(keys: MerchantKeys, real: Party) -> str:
    """Return the keyed digest of all text of a party: what revision hashes cover."""
    return keys.digest("party", msgspec.json.encode(real, order="deterministic").decode())


def store_party(tx: Tx, *, order_id: int, version: int, real: Party, masked: Party) -> str:
    """Seal and store a party version; return its digest."""
    keys = tx.vault.keys(tx)
    owner, data_key = _find_or_add_person(tx, keys, real.phone)
    digest = digest_party(keys, real)
    tx.add(
        _ADD_PARTY, order_id=order_id, version=version, person_id=owner, digest=digest,
        sealed=seal(data_key, msgspec.json.encode(real), bound_to=_bound(tx.merchant_id, order_id, version)),
        masked=msgspec.json.encode(masked).decode(),
        receiver_digest=keys.digest("receiver", f"{real.name}\0{plain_phone(real.phone)}\0{real.address}"),
    )  # fmt: skip
    return digest


def open_party(tx: Tx, row: PartyRow) -> StoredParty:
    """Return the real text of a stored party.

    Raises:
        SealBroken: the person was erased, or the data was changed.
    """
    if row.wrapped_key is None:
        raise SealBroken
    data_key = unseal(
        tx.vault.keys(tx).wrapping, row.wrapped_key, bound_to=_bound(tx.merchant_id, row.person_id)
    )
    plain = unseal(data_key, row.sealed, bound_to=_bound(tx.merchant_id, row.order_id, row.version))
    return _decode(plain)


def masked_party(row: PartyRow) -> StoredParty:
    """Return the masked text of a stored party; nothing is unsealed."""
    return _decode(row.masked)


def receiver_of(stored: StoredParty) -> Party:
    """Return the receiver of a stored party, without the note beside him."""
    return Party(**dict(zip(Party.__struct_fields__, _receiver_of(stored), strict=True)))


def seal_beside(tx: Tx, *, phone: str, plain: bytes, bound_to: bytes) -> tuple[int, bytes]:
    """Seal text of a person under his own key, for another place than his parties; return his id and what was sealed.

    Erasing him makes noise of it.
    """
    owner, data_key = _find_or_add_person(tx, tx.vault.keys(tx), phone)
    return owner, seal(data_key, plain, bound_to=bound_to)


def open_beside(tx: Tx, *, person_id: int, sealed: bytes, bound_to: bytes) -> bytes:
    """Return what was sealed beside a person's parties.

    Raises:
        SealBroken: he was erased, or the data was changed.
    """
    found = tx.one(_PERSON_BY_ID, id=person_id)
    if found is None:
        raise SealBroken
    return unseal(_open_person(tx, tx.vault.keys(tx), found)[1], sealed, bound_to=bound_to)


def _find_or_add_person(tx: Tx, keys: MerchantKeys, phone: str) -> tuple[int, bytes]:
    digest = keys.digest("person", plain_phone(phone)) if phone else None
    found = tx.one(_PERSON_BY_PHONE, phone_digest=digest) if digest else None
    if found is not None and found.wrapped_key is None:  # erased: who orders again is a new person
        tx.add(_FORGET_PHONE, b_id=found.id)
        found = None
    if found is not None:
        return _open_person(tx, keys, found)
    owner, data_key = new_id(), secrets.token_bytes(KEY_BYTES)
    wrapped = seal(keys.wrapping, data_key, bound_to=_bound(tx.merchant_id, owner))
    if not tx.run(_ADD_PERSON, id=owner, phone_digest=digest, wrapped_key=wrapped, erased_at_us=None):
        # On PostgreSQL another transaction added the same person since we looked.
        found = tx.one(_PERSON_BY_PHONE, phone_digest=digest)
        assert found is not None, "the phone was just refused as taken"
        return _open_person(tx, keys, found)
    return owner, data_key


def _open_person(tx: Tx, keys: MerchantKeys, found: _PersonRow) -> tuple[int, bytes]:
    if found.wrapped_key is None:
        raise SealBroken
    return found.id, unseal(keys.wrapping, found.wrapped_key, bound_to=_bound(tx.merchant_id, found.id))


def _bound(*parts: int) -> bytes:
    return ":".join(map(str, parts)).encode()
