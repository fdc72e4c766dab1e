"""No secret stands in a table in clear."""

import sqlalchemy as sa

from tests.access.people import HOME, PASSWORD, WRONG, attempt, enter, make_desk, make_operator
from tests.access.seats import PIN, make_seat, sit_down
from tocsin.access.api_key import create_api_key, find_api_key
from tocsin.access.operator_invite import invite_operator
from tocsin.access.owner_link import create_owner_link
from tocsin.access.pin import set_pin
from tocsin.access.recovery import make_recovery_codes, make_reset_code, redeem_code
from tocsin.core.db import Database
from tocsin.core.schema import metadata
from tocsin.core.statement import Statement


def dump(db: Database, merchant_id: int) -> str:
    """Return all rows of all tables that the merchant or the directory sees, as text."""
    rows = [
        db.read(merchant_id, lambda tx, table=table: tx.rows(Statement(sa.select(table))))
        for table in metadata.sorted_tables
    ]
    return repr(rows)


def test_no_password_token_link_or_key_is_in_any_table(db: Database) -> None:
    desk = make_desk(db)
    first = enter(db, desk.owner)
    clerk = make_operator(db, desk, "clerk", name="clerk")
    attempt(db, desk.owner, password=WRONG)
    attempt(db, "no such name", password=WRONG)
    key = db.write(
        desk.merchant_id, lambda tx: create_api_key(tx, first.actor, name="wms", scopes=frozenset({"query"}))
    )
    find_api_key(db, key, address=HOME)
    find_api_key(db, key + "x", address=HOME)
    owner_link = db.write(desk.merchant_id, lambda tx: create_owner_link(tx, desk.merchant_id))
    invitation = db.write(
        desk.merchant_id,
        lambda tx: invite_operator(tx, first.actor, name="li", display_name="", role="clerk"),
    )
    used, code = (
        db.write(desk.merchant_id, lambda tx: make_reset_code(tx, first.actor, operator_id=clerk)).code
        for _ in range(2)
    )
    new = "seven green kettles sing"
    redeem_code(db, name="clerk", code=used, password=new, address=HOME)
    seat = make_seat(db, desk)
    set_pin(db, sit_down(db, desk.owner, seat).actor, given=PIN)
    codes = db.write(desk.merchant_id, lambda tx: make_recovery_codes(tx, first.actor))
    text = dump(db, desk.merchant_id)
    assert desk.owner in text and "$argon2id$" in text  # the dump is of this database
    bare = first.token.partition(".")[2]
    for secret in (
        PASSWORD,
        WRONG,
        new,
        first.token,
        bare,
        first.device_token,
        key,
        key[16:],
        owner_link,
        invitation,
        used,
        code,
        code.replace("-", ""),
        seat.token,
        PIN,
        *codes,
    ):
        assert secret not in text
    assert "no such name" not in text
