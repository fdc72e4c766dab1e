"""Refusals: one class per refusal, beside the verb that makes it.

A refusal raised rolls its transaction back. What must leave a trace (a failed sign-in, a
finding, a hold, a denied reveal) is returned as an outcome instead, and commits.
"""

import errno
import string
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

Kind = Literal["missing", "refused", "conflict", "locked", "invalid", "broken"]


class Refusal(Exception):
    """A refusal with a kind, a stable code, named data, and its docstring as message.

    Subclasses set `kind` and `code`; the docstring's first line is a format string over the
    data, and the msgid that doors translate.
    """

    kind: ClassVar[Kind] = "broken"
    code: ClassVar[str] = "broken"

    def __init__(self, **data: Any) -> None:
        self.data = data
        super().__init__(self.message())

    @classmethod
    def template(cls) -> str:
        """Return the untranslated message with its `{fields}`."""
        return (cls.__doc__ or cls.code).strip().splitlines()[0]

    def message(self, template: str | None = None) -> str:
        """Return the message, from a translated `template` where one is given."""
        return fill_in(template or self.template(), self.data)


class Outage(Exception):
    """What can't be answered for now. It is no refusal: who takes refusals for answers must not take it for one."""

    code: ClassVar[str] = "broken"


class DatabaseAway(Outage):
    """The database is not reached at the moment; nothing was changed"""

    code = "database_away"


class DatabaseBusy(Outage):
    """Others keep for too long what this change needs; nothing was changed"""

    code = "database_busy"


class OutcomeUnknown(Outage):
    """The database was lost while the change was being saved: it may have been made or not"""

    code = "outcome_unknown"


# SQLITE_BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL (sqlite.org/rescode.html). PostgreSQL's classes of
# rollbacks, resources, operators and the system; a table or column that is not there is of a schema that is another's.
_IN_SQLITE = frozenset({5, 6, 7, 8, 10, 13, 14, 15})
_IN_POSTGRES = ("40", "53", "57P", "58", "42P01", "42703")
_OF_THE_PROCESS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EIO})


def is_everybodys(fault: BaseException) -> bool:
    """Tell whether a fault is of the database or the process as a whole, and of nobody's data."""
    in_sqlite, in_postgres = getattr(fault, "sqlite_errorcode", 0), getattr(fault, "sqlstate", None) or ""
    return (
        isinstance(fault, Outage | MemoryError)
        or getattr(fault, "code", "") == "writer_stopped"
        or in_sqlite & 0xFF in _IN_SQLITE
        or in_postgres.startswith(_IN_POSTGRES)
        or getattr(fault, "errno", None) in _OF_THE_PROCESS
    )


def fill_in(template: str, data: Mapping[str, Any]) -> str:
    """Return a sentence with its `{fields}` filled in; one that the data lacks reads “?”."""
    return _Lenient().vformat(template, (), data)


class _Lenient(string.Formatter):
    """Leaves a field that the data lacks as a question mark: a message never fails."""

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:
        return kwargs.get(str(key), "?")


def every_refusal() -> list[type[Refusal]]:
    """Return each refusal class that is loaded, by code."""
    found: dict[str, type[Refusal]] = {}
    stack = list(Refusal.__subclasses__())
    while stack:
        cls = stack.pop()
        stack.extend(cls.__subclasses__())
        if "code" in cls.__dict__:
            found[cls.code] = cls
    return [found[code] for code in sorted(found)]
