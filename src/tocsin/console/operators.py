"""Operators from the console: who may sign in, and how the right person gets back in."""

from msgspec import Struct

from tocsin.access.operator import OperatorMissing, create_operator, list_operators, suspend_operator
from tocsin.access.owner_link import create_owner_link
from tocsin.access.password import hash_new_password
from tocsin.access.recovery import CODE_MINUTES, make_reset_code
from tocsin.access.unlock import unlock_operator
from tocsin.access.verification import find_candidate
from tocsin.console.command import Caller, Command


class CreateIn(Struct, frozen=True, kw_only=True):
    """A new operator."""

    name: str
    role: str
    password: str
    display_name: str = ""
    merchant: int = 0


class MerchantIn(Struct, frozen=True):
    """A merchant's id; 0: the only one."""

    merchant: int = 0


class SuspendIn(Struct, frozen=True):
    """The operator to suspend."""

    operator_id: int
    merchant: int = 0


class NameIn(Struct, frozen=True):
    """A sign-in name."""

    name: str


class OperatorOut(Struct, frozen=True):
    """An operator as the console lists him."""

    id: int
    role: str
    active: bool
    name: str


class UnlockedOut(Struct, frozen=True):
    """Whose locks were lifted, and how many counters he had."""

    name: str
    counters: int


class CodeOut(Struct, frozen=True):
    """A one-time code, which is shown this once, where it is typed, and for how long it works."""

    code: str
    address: str
    minutes: int


class LinkOut(Struct, frozen=True):
    """A one-time link, which is shown this once."""

    address: str


def create(caller: Caller, given: CreateIn) -> OperatorOut:
    """Create an operator."""
    found, settings = caller.merchant(given.merchant), caller.desk.settings
    hashed = hash_new_password(given.password, names=(given.name, given.display_name, found.name))
    made = caller.desk.db.write(
        found.id,
        lambda tx: create_operator(
            tx, caller.actor(found.id), name=given.name, display_name=given.display_name, role=given.role,
            password_hash=hashed, locale=settings.locale, zone=settings.zone,
        ),
    )  # fmt: skip
    return OperatorOut(made, given.role, active=True, name=given.name)


def list_(caller: Caller, given: MerchantIn) -> list[OperatorOut]:
    """List the operators."""
    found = caller.merchant(given.merchant)
    listed = caller.desk.db.read(found.id, lambda tx: list_operators(tx, caller.actor(found.id)))
    return [OperatorOut(one.id, one.role, bool(one.active), one.name) for one in listed]


def suspend(caller: Caller, given: SuspendIn) -> None:
    """Suspend an operator: his sessions end at once."""
    found = caller.merchant(given.merchant)
    actor, wanted = caller.actor(found.id), given.operator_id
    caller.desk.db.write(found.id, lambda tx: suspend_operator(tx, actor, operator_id=wanted))


def unlock(caller: Caller, given: NameIn) -> UnlockedOut:
    """Lift what the limiter locked of an account."""
    merchant_id, operator_id = _find(caller, given.name)
    counters = caller.desk.db.write(
        merchant_id, lambda tx: unlock_operator(tx, caller.actor(merchant_id), operator_id=operator_id)
    )
    return UnlockedOut(given.name, counters)


def reset(caller: Caller, given: NameIn) -> CodeOut:
    """Make a one-time code that gives an operator a new password."""
    merchant_id, operator_id = _find(caller, given.name)
    made = caller.desk.db.write(
        merchant_id, lambda tx: make_reset_code(tx, caller.actor(merchant_id), operator_id=operator_id)
    )
    return CodeOut(made.code, f"{caller.desk.settings.base_url()}/reset", CODE_MINUTES)


def owner_link(caller: Caller, given: MerchantIn) -> LinkOut:
    """Make a one-time link that creates an owner."""
    found = caller.merchant(given.merchant)
    token = caller.desk.db.write(
        found.id, lambda tx: create_owner_link(tx, found.id, actor=caller.actor(found.id))
    )
    return LinkOut(f"{caller.desk.settings.base_url()}/owner/{token}")


def _find(caller: Caller, name: str) -> tuple[int, int]:
    found = find_candidate(caller.desk.db, name)
    if not found.operator_id:
        raise OperatorMissing
    return found.merchant_id, found.operator_id


COMMANDS = {
    "operator.create": Command(CreateIn, create), "operator.list": Command(MerchantIn, list_),
    "operator.suspend": Command(SuspendIn, suspend), "operator.unlock": Command(NameIn, unlock),
    "operator.reset": Command(NameIn, reset), "operator.owner-link": Command(MerchantIn, owner_link),
}  # fmt: skip
