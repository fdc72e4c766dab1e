"""Roles of operators: another one holds from the next request on."""

import sqlalchemy as sa

from tocsin.access.account import account_changed
from tocsin.access.link import void_links_around
from tocsin.access.operator import get_operator, keep_an_owner, require_above, tell_changed
from tocsin.access.step_up import require_proof
from tocsin.access.table import operator, password
from tocsin.access.verification import FULL_ROLES
from tocsin.core.actor import Actor
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.statement import Statement, bind, own


class PasswordTooShort(Refusal):
    """An owner's or manager's password has 15 characters, and this one opens at enrolled desks alone: let him change it first"""

    kind, code = "conflict", "password_too_short"


_SET_ROLE = Statement[None](
    sa.update(operator).where(own(operator), operator.c.id == bind("operator_id")), sets=("role",)
)
_STRENGTH = Statement[tuple[str]](
    sa.select(password.c.strength).where(own(password), password.c.operator_id == bind("operator_id"))
)


def change_role(tx: Tx, actor: Actor, *, operator_id: int, role: str) -> None:
    """Give an operator another role; it holds from his next request on. Open links for him and by him are void.

    Raises:
        OperatorMissing, NotAllowed, LastOwner, RoleUnknown, ProofNeeded: as for suspending, for the old role and the new.
        PasswordTooShort: his password opens at enrolled desks alone, which is not enough for the new role.
    """
    require_above(actor, role)
    found = get_operator(tx, actor, operator_id=operator_id)
    require_proof(actor)
    if role != "owner":
        keep_an_owner(tx, found)
    if role in FULL_ROLES and tx.value(_STRENGTH, operator_id=operator_id) == "desk":
        raise PasswordTooShort
    tx.run(_SET_ROLE, operator_id=operator_id, role=role)
    void_links_around(tx, operator_id=operator_id)
    tell_changed(
        tx, actor, verb="access.change_role", operator_id=operator_id, data={"from": found.role, "to": role}
    )
    account_changed(tx, operator_id=operator_id, what="role")
