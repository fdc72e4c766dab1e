"""Links of walls: each lets one screen in a shop show figures of the desk, and opens nothing else.

A screen that hangs where customers stand must hold no session. What opens it is 256 random bits, shown once; the browser
that it is opened in gets a cookie of its own, and the one before it none any more: so that a link that went astray is seen.
"""

import hmac
import re
from typing import Literal

import sqlalchemy as sa
from msgspec import Struct

from tocsin.access.limiter import Guess, SignInRefused, spend_budget
from tocsin.access.secret import hash_secret, new_secret
from tocsin.access.step_up import require_proof
from tocsin.access.table import wall_link
from tocsin.core.actor import Actor, desk_actor, require
from tocsin.core.clock import MINUTE_US, now_us
from tocsin.core.db import DIRECTORY_SCOPE, Database, Tx
from tocsin.core.errors import Refusal
from tocsin.core.event import append_event
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import NOUGHT, Statement, bind, insert_into, own
from tocsin.core.tenant import get_shop
from tocsin.core.text import strip_control

NAME_MOST, LINKS_MOST, SHOWN_MOST = 40, 30, 100
State = Literal["open", "replaced", "revoked", "unknown"]
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_COOKIE = re.compile(r"([0-7]?[0-9a-f]{1,15})\.([0-7]?[0-9a-f]{1,15})\.([A-Za-z0-9_-]{43})")


class WallLinkMissing(Refusal):
    """There is no such link of a wall, or it was revoked: make another one under Settings → Wall"""

    kind, code = "missing", "wall_link_missing"


class WallNameWrong(Refusal):
    """The name of a wall has 1 to {longest} characters: write one, such as “Kitchen”"""

    kind, code = "invalid", "wall_name_wrong"


class WallLinksFull(Refusal):
    """There are {most} walls already: revoke one that is not needed any more"""

    kind, code = "conflict", "wall_links_full"


class WallLink(Struct, frozen=True):
    """A link as the list shows it; `shop_id` 0 shows every shop, `address` is where its screen was last seen."""

    id: int
    merchant_id: int
    name: str
    shop_id: int
    screen_hash: str
    times_opened: int
    opened_at_us: int
    address: str
    last_seen_us: int
    created_at_us: int
    created_by: int
    revoked_at_us: int | None


class Screen(Struct, frozen=True):
    """What a screen's cookie stands for: a wall that is open, or why it is not."""

    state: State
    link: WallLink | None = None


_COLUMNS = tuple(wall_link.c[name] for name in WallLink.__struct_fields__)
_one = (own(wall_link), wall_link.c.id == bind("link_id"))
_live = wall_link.c.revoked_at_us.is_(None)
_ADD = insert_into(wall_link)
_FIND = Statement(sa.select(*_COLUMNS).where(wall_link.c.token_hash == bind("hash", str)), WallLink)
_ONE = Statement(sa.select(*_COLUMNS).where(*_one), WallLink)
_LIST = Statement(
    sa.select(*_COLUMNS).where(own(wall_link), wall_link.c.id > NOUGHT)
    .order_by(_live.desc(), wall_link.c.id.desc()).limit(SHOWN_MOST),
    WallLink,
)  # fmt: skip
_LIVE = Statement[tuple[int]](
    sa.select(wall_link.c.id).where(own(wall_link), wall_link.c.id > NOUGHT, _live).limit(LINKS_MOST)
)
_OPEN = Statement[None](
    sa.update(wall_link).where(*_one, _live),
    sets=("screen_hash", "times_opened", "opened_at_us", "last_seen_us", "address"),
)
_SEEN = Statement[None](
    sa.update(wall_link).where(*_one, wall_link.c.last_seen_us < bind("before")),
    sets=("last_seen_us", "address"),
)
_REVOKE = Statement[None](sa.update(wall_link).where(*_one, _live), sets=("revoked_at_us", "screen_hash"))


def create_wall_link(tx: Tx, actor: Actor, *, name: str, shop_id: int) -> str:
    """Make a link of a wall; return its secret, which is shown this once.

    Args:
        shop_id: whose figures it shows; 0: those of every shop.

    Raises:
        NotAllowed, ProofNeeded: the actor may not change the shop's settings, or has not proved lately who he is.
        WallNameWrong, ShopMissing, WallLinksFull
    """
    require(actor, "shop_settings")
    require_proof(actor)
    plain = strip_control(name).strip()
    if not 1 <= len(plain) <= NAME_MOST:
        raise WallNameWrong(longest=NAME_MOST)
    if shop_id:
        get_shop(tx, shop_id=shop_id)
    if len(tx.rows(_LIVE)) >= LINKS_MOST:
        raise WallLinksFull(most=LINKS_MOST)
    link_id, secret = new_id(), new_secret()
    tx.run(
        _ADD, token_hash=hash_secret(secret), id=link_id, name=plain, shop_id=shop_id, screen_hash="", times_opened=0,
        opened_at_us=0, address="", last_seen_us=0, created_at_us=tx.now_us, created_by=actor.id, revoked_at_us=None,
    )  # fmt: skip
    _tell(tx, actor, verb="access.create_wall_link", link_id=link_id)
    return secret


def list_wall_links(tx: Tx, actor: Actor) -> list[WallLink]:
    """Return the merchant's links, the live ones first, each the newest first, at most 100.

    Raises:
        NotAllowed: the actor may not change the shop's settings.
    """
    require(actor, "shop_settings")
    return tx.rows(_LIST)


def revoke_wall_link(tx: Tx, actor: Actor, *, link_id: int) -> None:
    """Revoke a link: its screen goes dark.

    Raises:
        NotAllowed: the actor may not change the shop's settings.
        WallLinkMissing: there is none such, or it was revoked before.
    """
    require(actor, "shop_settings")
    if not tx.run(_REVOKE, link_id=link_id, revoked_at_us=tx.now_us, screen_hash=""):
        raise WallLinkMissing
    _tell(tx, actor, verb="access.revoke_wall_link", link_id=link_id)


def find_wall_link(db: Database, secret: str, *, address: str) -> WallLink | SignInRefused:
    """Return the link of a secret, also a revoked one; a wrong secret is recorded and spends its address's budget."""
    if _SECRET.fullmatch(secret):
        found = db.read(DIRECTORY_SCOPE, lambda tx: tx.one(_FIND, hash=hash_secret(secret)))
        if found:
            return found
    guess = Guess("wall", f"wall:{hash_secret(secret)}", address)
    locked = db.write(DIRECTORY_SCOPE, lambda tx: spend_budget(tx, guess))
    return SignInRefused("locked", locked.retry_after_seconds) if locked else SignInRefused("wrong")


def open_wall(db: Database, found: WallLink, *, address: str) -> str:
    """Open a wall on the screen that asks; return its cookie. The screen that it was open on before loses it.

    Raises:
        WallLinkMissing: it was revoked.
    """
    secret = new_secret()

    def put(tx: Tx) -> str:
        done = tx.run(
            _OPEN, link_id=found.id, screen_hash=hash_secret(secret), times_opened=found.times_opened + 1,
            opened_at_us=tx.now_us, last_seen_us=tx.now_us, address=address[:64],
        )  # fmt: skip
        if not done:
            raise WallLinkMissing
        _tell(
            tx,
            desk_actor(tx.merchant_id),
            verb="access.open_wall",
            link_id=found.id,
            data={"address": address},
        )
        return f"{found.merchant_id:x}.{found.id:x}.{secret}"

    return db.write(found.merchant_id, put)


def look_at_wall(db: Database, cookie: str, *, address: str) -> Screen:
    """Return the wall that a screen's cookie opens, by one read, or why it opens none; it is noted once a minute."""
    parts = _COOKIE.fullmatch(cookie)
    if not parts:
        return Screen("unknown")
    merchant_id, link_id = int(parts[1], 16), int(parts[2], 16)
    link = db.read(merchant_id, lambda tx: tx.one(_ONE, link_id=link_id))
    if link is None or link.revoked_at_us is not None:
        return Screen("revoked" if link else "unknown")
    if not hmac.compare_digest(link.screen_hash, hash_secret(parts[3])):
        return Screen("replaced")
    before = now_us() - MINUTE_US
    if link.last_seen_us < before:
        seen = {"link_id": link.id, "before": before, "address": address[:64]}
        db.write(merchant_id, lambda tx: tx.run(_SEEN, last_seen_us=tx.now_us, **seen))
    return Screen("open", link)


def _tell(tx: Tx, actor: Actor, *, verb: str, link_id: int, data: dict[str, str] | None = None) -> None:
    write_journal(tx, actor, verb=verb, subject=f"wall_link:{link_id}", data=data or {})
    append_event(tx, "access.wall_changed", subject_id=link_id)
