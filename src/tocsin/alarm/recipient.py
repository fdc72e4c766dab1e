"""Recipients: who is told, on what, and of what. Their addresses are sealed, and shown without their secrets.

A recipient is the merchant's, or one operator's: then he is told of what happens to his own account.
"""

import sqlalchemy as sa
from msgspec import Struct

from tocsin.alarm.channel import Address
from tocsin.core.actor import Actor, NotAllowed, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.schema import big, blob, index, merchant_table, text
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.vault import seal, unseal

# What a recipient is told of. `account`: of his own account, where he is an operator's.
WANTS = ("light", "sound", "escalated", "account", "drill")
STEPS_MOST = 5
NAME_MOST = 60
RECIPIENTS_MOST = 100

# `step`: from which step of escalation on he is told; 0: at once.
recipient = merchant_table(
    "recipient", big("id"), big("operator_id"), text("kind"), text("service"), text("name"), text("shown"), text("locale"),
    text("wants"), big("step"), big("active"), big("removed"), blob("sealed"), text("digest"), big("tested_notice_id"),
    big("tries"), big("confirmed_at_us", nullable=True), big("sent_at_us", nullable=True), text("problem"),
    big("problem_at_us", nullable=True), big("created_at_us"), big("created_by"), key=("id",),
)  # fmt: skip
index(recipient, "merchant_id", "operator_id")
_here = recipient.c.removed == 0
sa.Index(
    "uq_recipient_digest", recipient.c.merchant_id, recipient.c.operator_id, recipient.c.digest, unique=True,
    sqlite_where=_here, postgresql_where=_here,
)  # fmt: skip


class RecipientMissing(Refusal):
    """There is no such recipient of the alarm: look at the list again"""

    kind, code = "missing", "recipient_missing"


class RecipientWrong(Refusal):
    """The recipient can't be set so ({field}): {problem}"""

    kind, code = "invalid", "recipient_wrong"


class RecipientTwice(Refusal):
    """That address is on the list already: change the one that is there"""

    kind, code = "conflict", "recipient_twice"


class Recipient(Struct, frozen=True):
    """One address of a person; `kind` is apprise or push, `problem` the code of the last failure."""

    id: int
    operator_id: int
    kind: str
    service: str
    name: str
    shown: str
    locale: str
    wants: str
    step: int
    active: int
    removed: int
    tested_notice_id: int
    tries: int
    confirmed_at_us: int | None
    sent_at_us: int | None
    problem: str
    problem_at_us: int | None
    created_at_us: int
    created_by: int

    def wanted(self) -> tuple[str, ...]:
        """Return what this one is told of."""
        return tuple(self.wants.split())


_COLUMNS = tuple(recipient.c[name] for name in Recipient.__struct_fields__)
_one = (own(recipient), recipient.c.id == bind("recipient_id"), _here)
_ADD = insert_into(recipient)
_LIST = Statement(sa.select(*_COLUMNS).where(own(recipient), _here).order_by(recipient.c.id), Recipient)
_OF_OPERATOR = Statement(
    sa.select(*_COLUMNS).where(own(recipient), _here, recipient.c.operator_id == bind("operator_id")).order_by(recipient.c.id),
    Recipient,
)  # fmt: skip
_GET = Statement(sa.select(*_COLUMNS).where(*_one), Recipient)
_SEALED = Statement[tuple[bytes]](sa.select(recipient.c.sealed).where(*_one))
_TWIN = Statement[tuple[int]](
    sa.select(recipient.c.id).where(
        own(recipient),
        _here,
        recipient.c.operator_id == bind("operator_id"),
        recipient.c.digest == bind("digest", str),
    )
)
_change = sa.update(recipient).where(*_one)
_CHANGE = Statement[None](_change, sets=("name", "locale", "wants", "step", "active"))
_REMOVE = Statement[None](
    _change.values(
        removed=1, active=0, sealed=b"", problem=bind("b_problem", str), problem_at_us=bind("b_at_us")
    )
)
_SENT = Statement[None](_change, sets=("sent_at_us", "problem"))
_FAILED = Statement[None](_change, sets=("problem", "problem_at_us"))
_TESTED = Statement[None](_change, sets=("tested_notice_id", "tries"))
_CONFIRMED = Statement[None](_change, sets=("confirmed_at_us",))


def add_recipient(
    tx: Tx, actor: Actor, address: Address, *, kind: str = "apprise", name: str, locale: str, operator_id: int = 0,
    wants: tuple[str, ...] = ("light", "sound", "escalated", "drill"), step: int = 0,
) -> int:  # fmt: skip
    """Add an address; return its id. One's own browser is added by anybody who hears of the alarm.

    Raises:
        NotAllowed: somebody else's, or the merchant's, without the right to change settings.
        RecipientWrong, RecipientTwice
    """
    if not (kind == "push" and operator_id == actor.id and actor.kind == "operator"):
        require(actor, "shop_settings")
    require(actor, "incident")
    name = _require_sound(tx, name=name, wants=wants, step=step)
    digest = tx.vault.keys(tx).digest("recipient", address.url)
    if tx.value(_TWIN, operator_id=operator_id, digest=digest) is not None:
        raise RecipientTwice
    recipient_id = new_id()
    tx.run(
        _ADD, id=recipient_id, operator_id=operator_id, kind=kind, service=address.service, name=name, shown=address.shown,
        locale=locale, wants=" ".join(wants), step=step, active=1, removed=0, sealed=_seal(tx, recipient_id, address.url),
        digest=digest, tested_notice_id=0, tries=0, confirmed_at_us=None, sent_at_us=None, problem="", problem_at_us=None,
        created_at_us=tx.now_us, created_by=actor.id,
    )  # fmt: skip
    _write(tx, actor, "add", recipient_id)
    return recipient_id


def change_recipient(
    tx: Tx,
    actor: Actor,
    *,
    recipient_id: int,
    name: str,
    locale: str,
    wants: tuple[str, ...],
    step: int,
    active: bool,
) -> None:
    """Change of what a recipient is told, when, and in which language.

    Raises:
        NotAllowed, RecipientMissing, RecipientWrong
    """
    require_his(tx, actor, recipient_id=recipient_id)
    name = _require_sound(tx, name=name, wants=wants, step=step, known=True)
    tx.run(
        _CHANGE, recipient_id=recipient_id, name=name, locale=locale, wants=" ".join(wants), step=step, active=int(active)
    )  # fmt: skip
    _write(tx, actor, "change", recipient_id)


def remove_recipient(tx: Tx, actor: Actor, *, recipient_id: int) -> None:
    """Take an address away; its secrets are gone, its past messages stay told.

    Raises:
        NotAllowed, RecipientMissing
    """
    require_his(tx, actor, recipient_id=recipient_id)
    end_recipient(tx, recipient_id=recipient_id)
    _write(tx, actor, "remove", recipient_id)


def end_recipient(tx: Tx, *, recipient_id: int, problem: str = "") -> None:
    """Take away an address that has ended by itself."""
    tx.run(_REMOVE, recipient_id=recipient_id, b_problem=problem, b_at_us=tx.now_us)


def remove_pushes_of(tx: Tx, actor: Actor, *, operator_id: int) -> int:
    """Take away each browser that an operator is told on, as when his phone is lost; return how many."""
    found = [one for one in tx.rows(_OF_OPERATOR, operator_id=operator_id) if one.kind == "push"]
    for one in found:
        end_recipient(tx, recipient_id=one.id)
        _write(tx, actor, "remove", one.id)
    return len(found)


def list_recipients(tx: Tx, actor: Actor) -> list[Recipient]:
    """Return the recipients that the actor may see: with the right over settings all, else his own."""
    if actor.may("shop_settings"):
        return all_recipients(tx)
    require(actor, "incident")
    return tx.rows(_OF_OPERATOR, operator_id=actor.id) if actor.kind == "operator" else []


def all_recipients(tx: Tx) -> list[Recipient]:
    """Return the merchant's recipients, the first one first."""
    return tx.rows(_LIST)


def get_recipient(tx: Tx, *, recipient_id: int) -> Recipient:
    """Return a recipient.

    Raises:
        RecipientMissing: it was taken away, or never was.
    """
    found = tx.one(_GET, recipient_id=recipient_id)
    if found is None:
        raise RecipientMissing
    return found


def require_his(tx: Tx, actor: Actor, *, recipient_id: int) -> Recipient:
    """Return a recipient that the actor may change: his own, or any with the right over settings.

    Raises:
        NotAllowed, RecipientMissing
    """
    found = get_recipient(tx, recipient_id=recipient_id)
    his = actor.kind == "operator" and found.operator_id == actor.id
    if not (his or actor.may("shop_settings")):
        raise NotAllowed(right="shop_settings")
    return found


def find_by_address(tx: Tx, url: str, *, operator_id: int) -> int:
    """Return the id of an operator's recipient with an address, 0 where there is none."""
    return int(
        tx.value(_TWIN, operator_id=operator_id, digest=tx.vault.keys(tx).digest("recipient", url)) or 0
    )


def open_address(tx: Tx, *, recipient_id: int) -> str:
    """Return a recipient's address with its secrets, for who sends alone."""
    sealed = bytes(tx.value(_SEALED, recipient_id=recipient_id) or b"")
    return unseal(tx.vault.keys(tx).wrapping, sealed, bound_to=_bound(recipient_id)).decode()


def note_sent(tx: Tx, *, recipient_id: int) -> None:
    """Keep that a message was handed over: the problem is over."""
    tx.run(_SENT, recipient_id=recipient_id, sent_at_us=tx.now_us, problem="")


def note_failed(tx: Tx, *, recipient_id: int, problem: str) -> None:
    """Keep why a message was not handed over."""
    tx.run(_FAILED, recipient_id=recipient_id, problem=problem, problem_at_us=tx.now_us)


def note_tested(tx: Tx, *, recipient_id: int, notice_id: int, tries: int = 0) -> None:
    """Keep which message bears the code that is asked for, and how often it was typed wrong."""
    tx.run(_TESTED, recipient_id=recipient_id, tested_notice_id=notice_id, tries=tries)


def note_confirmed(tx: Tx, *, recipient_id: int) -> None:
    """Keep that a message was really received."""
    tx.run(_CONFIRMED, recipient_id=recipient_id, confirmed_at_us=tx.now_us)


def _require_sound(tx: Tx, *, name: str, wants: tuple[str, ...], step: int, known: bool = False) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_MOST or not name.isprintable():
        raise RecipientWrong(field="name", problem="write a name of at most 60 characters")
    if not set(wants) <= set(WANTS):
        raise RecipientWrong(field="wants", problem="choose of the list")
    if not 0 <= step <= STEPS_MOST:
        raise RecipientWrong(field="step", problem="choose a step of the list")
    if not known and len(all_recipients(tx)) >= RECIPIENTS_MOST:
        raise RecipientWrong(field="name", problem="there are 100 already: take one away first")
    return name


def _seal(tx: Tx, recipient_id: int, url: str) -> bytes:
    return seal(tx.vault.keys(tx).wrapping, url.encode(), bound_to=_bound(recipient_id))


def _bound(recipient_id: int) -> bytes:
    return b"recipient %d" % recipient_id


def _write(tx: Tx, actor: Actor, what: str, recipient_id: int) -> None:
    write_journal(tx, actor, verb=f"recipient.{what}", subject=f"recipient:{recipient_id}")
