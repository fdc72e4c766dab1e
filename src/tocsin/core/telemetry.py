"""Telemetry: what each box does is timed in one place, for the slow log, and for metrics and traces where they are wanted.

It knows names alone: boxes, routes as they are declared, loops, kinds of events. No value of an order or a person comes here.
"""

from collections.abc import Callable, Sequence
from contextvars import copy_context
from functools import wraps
from time import perf_counter
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypeVar, cast

from tocsin.core.log import get_log

Kind = Literal["request", "read", "write", "commit", "statement", "added", "step", "task"]
F = TypeVar("F", bound=Callable[..., Any])
_LONGEST_SQL = 400
_log = get_log("telemetry")


class Watcher(Protocol):
    """What is told of everything that is done; it may not raise."""

    def begin(self, kind: Kind, name: str, *, beside: Sequence[str]) -> Any:
        """Hear that something begins, and of what other boxes it carries statements; what is returned is given back at its end."""

    def end(self, begun: Any, kind: Kind, name: str, *, seconds: float, failed: bool, idle: bool) -> None:
        """Hear that it has ended; idle where it looked for work and found none."""

    def count(self, what: str, name: str) -> None:
        """Hear that something happened: an event of a kind, a refusal of a code."""


class _Now:
    """What is watched now; the process's own, set once at its start."""

    slow_seconds = 0.0
    watchers: tuple[Watcher, ...] = ()


def watch(*watchers: Watcher, slow_ms: int) -> None:
    """Have what is done told to watchers, and to the log what took longer; 0 logs nothing. Replaces what was set before."""
    _Now.watchers, _Now.slow_seconds = watchers, slow_ms / 1000


class doing:  # noqa: N801 - read as a statement: `with doing("step", "spool"):`
    """Times what is done within it.

    Args:
        kind: what it is; `name` the box, route, loop or task.
        sql: a statement's text, without its values, for the log.
        beside: boxes whose statements were added before and go to the server with this one: its time is theirs too.
    """

    __slots__ = ("_began", "_begun", "_beside", "_kind", "_name", "_seconds", "_sql", "idle")

    def __init__(self, kind: Kind, name: str, *, sql: str = "", beside: Sequence[str] = ()) -> None:
        self._kind, self._name, self._sql, self._beside = kind, name, sql, beside
        self._seconds: float | None = None
        self.idle = False

    def answered(self, name: str) -> None:
        """Stop the clock, under a name that is known only now: what goes on is a stream that somebody listens to."""
        self._name, self._seconds = name, perf_counter() - self._began

    def __enter__(self) -> Self:
        self._begun = [(one, one.begin(self._kind, self._name, beside=self._beside)) for one in _Now.watchers]
        self._began = perf_counter()
        return self

    def __exit__(
        self, fault: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        seconds = perf_counter() - self._began if self._seconds is None else self._seconds
        for one, begun in self._begun:
            one.end(begun, self._kind, self._name, seconds=seconds, failed=fault is not None, idle=self.idle)
        if _Now.slow_seconds and seconds > _Now.slow_seconds and self._kind != "step":
            self._tell_slow(seconds)

    def _tell_slow(self, seconds: float) -> None:
        more: dict[str, Any] = {"with": list(dict.fromkeys(self._beside))} if self._beside else {}
        if self._sql:
            more["sql"] = " ".join(self._sql.split())[:_LONGEST_SQL]
        _log.warning("slow", did=self._kind, box=self._name, ms=round(seconds * 1000), **more)


class _Within:
    """A verb in the context in which it was given away."""

    __slots__ = ("_run", "func")

    def __init__(self, verb: Callable[..., Any]) -> None:
        self.func, self._run = verb, copy_context().run

    def __call__(self, *given: Any) -> Any:
        return self._run(self.func, *given)


def within(verb: F) -> F:
    """Have what a verb does, on whoever's thread, told as part of what is under way here; the verb itself where nobody watches."""
    return cast("F", _Within(verb)) if _Now.watchers else verb


def timed(kind: Kind) -> Callable[[F], F]:
    """Time a method of a database that is given a verb, by the verb's box."""

    def wrap(method: F) -> F:
        @wraps(method)
        def run(self: Any, merchant_id: int, verb: Callable[..., Any], **more: Any) -> Any:
            with doing(kind, box_of(verb)):
                return method(self, merchant_id, verb, **more)

        return cast("F", run)

    return wrap


def count(what: str, name: str) -> None:
    """Tell that something happened."""
    for one in _Now.watchers:
        one.count(what, name)


def box_of(verb: Callable[..., Any]) -> str:
    """Return the box whose verb it is: `orders.amend`."""
    module: str = getattr(getattr(verb, "func", verb), "__module__", "") or ""
    return module.removeprefix("tocsin.")
