"""Which routes read a secret, and whether each does so behind the limiter: told from the source's graph of calls.

A function *reads a secret* where it verifies a hash or a signature, compares digests, or looks a row up by the hash
of what came. It does so *behind the limiter* in the `secret_check` of `guarded_verify`; where it, what it calls in its
own module, or its caller spends a budget; and where it looks up what its caller then hands to `guarded_verify`.
A route is *unlimited* where a reader is reached past all of these.
"""

import ast
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from litestar import Litestar

import tocsin
from tests.source import parse

SOURCE = Path(tocsin.__file__).parent
VERIFIES = frozenset({"verify", "compare_digest", "verify_authentication_response"})
SPENDS, GUARDS = "tocsin.access.limiter.spend_budget", "tocsin.access.limiter.guarded_verify"
NO_SECRET = {
    "tocsin.access.session.csrf_matches": "a form's token follows from the session's, which came with the same request",
    "tocsin.access.session.read_session": "256 random bits, read at each request",
    "tocsin.access.lapsed.lapsed_name": "256 random bits of a session that lapsed; they tell one name",
    "tocsin.access.lapsed.end_lapsed": "as above; who has them ends it",
    "tocsin.access.device.known_hash": "256 random bits; a device is told by it, and let in nowhere",
    "tocsin.access.device.remember_device": "as above",
    "tocsin.access.device.user_of": "as above",
    "tocsin.access.desk.find_desk": "256 random bits; a desk is told by it, and let in nowhere",
    "tocsin.access.wall_link.look_at_wall": "256 random bits, read at each request of a screen that shows figures",
    "tocsin.access.station.enrol_station > tocsin.core.signature.verifies": "by the key that the station itself brings",
    "tocsin.access.finger_record.attempt_of": "256 random bits, of a browser's own attempt, which was counted as it began",
    "tocsin.alarm.receipt.confirm_code": "who is signed in reads it off his own test: five tries, and it opens nothing",
    "tocsin.alarm.receipt.find_receipt": "80 keyed bits: says that a message came, and opens nothing",
    "tocsin.alarm.recipient.add_recipient": "the digest of an address that is typed again",
    "tocsin.alarm.recipient.find_by_address": "as above",
    "tocsin.orders.receive.receive_hook": "256 random bits and a signature; wrong ones spend budgets of their own, and right ones pass",
    "tocsin.core.forget.person_by_phone": "the digest of a receiver's phone",
    "tocsin.core.party._find_or_add_person": "the digest of a receiver's phone",
    "tocsin.orders.campaign_ask.ask_campaign": "the digest of an order's receiver",
    "tocsin.tickets.check._duplicates": "the digest of an order's receiver",
    "tocsin.tickets.remembered.recall": "the digest of an order's receiver",
    "tocsin.tickets.logo.bring_logo": "the digest of a picture",
    "tocsin.tickets.serial.scan_ticket": "a paper's code: who is not signed in gets one word, on a budget of its own",
}
"""What looks like a secret and opens nothing by being guessed, and why."""


class Function(NamedTuple):
    """What a function refers to, openly and behind the limiter; whether it verifies a secret, or looks one up, itself."""

    open: frozenset[str]
    guarded: frozenset[str]
    verifies: bool
    looks_up: bool

    @property
    def reads(self) -> bool:
        """Tell whether it reads a secret."""
        return self.verifies or self.looks_up


class Route(NamedTuple):
    """A verb of a route that reads a secret; `way` leads to a reader, `unlimited` to one past the limiter, if any."""

    name: str
    way: tuple[str, ...]
    unlimited: tuple[str, ...]


class Graph:
    """Every function of a source tree by its full name."""

    def __init__(self, source: Path = SOURCE, package: str = "tocsin") -> None:
        self.functions: dict[str, Function] = {}
        for path in sorted(source.rglob("*.py")):
            parts = path.relative_to(source).with_suffix("").parts
            module = ".".join([package, *(part for part in parts if part != "__init__")])
            self.add_source(module, path.read_text("utf-8"))

    def add_source(self, module: str, text: str) -> None:
        """Add a module's functions."""
        tree = _bare(parse(text))
        names, lookups = dict(_names_of(module, tree)), _lookups(tree)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self.functions[f"{module}.{node.name}"] = _read_function(node, names, lookups)
            elif isinstance(node, ast.ClassDef):
                methods = [
                    one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
                ]
                made = [_read_function(one, names, lookups) for one in methods]
                # Who has an object may call each of its methods.
                self.functions[f"{module}.{node.name}"] = Function(
                    frozenset[str]().union(*(one.open for one in made)),
                    frozenset[str]().union(*(one.guarded for one in made)),
                    any(one.verifies for one in made),
                    any(one.looks_up for one in made),
                )

    def way_to_reader(
        self, start: str, *, exempt: frozenset[str] = frozenset(), past_limiter: bool = False
    ) -> tuple[str, ...]:
        """Return the shortest way from a function to one that reads a secret, empty where there is none.

        Args:
            exempt: functions that read none, and calls (`caller > callee`) that hand none over.
            past_limiter: only a way that no limiter stands in.
        """
        came: dict[str, str] = {start: ""}
        waiting = deque([start])
        while waiting:
            name = waiting.popleft()
            found = self.functions.get(name)
            if found is None or name in exempt:
                continue
            if self._reads_past(name) if past_limiter else found.reads:
                return tuple(_walk_back(came, name))
            for after in sorted(found.open if past_limiter else found.open | found.guarded):
                if after in came or f"{name} > {after}" in exempt:
                    continue
                if not (past_limiter and self._stands_before(name, after)):
                    came[after] = name
                    waiting.append(after)
        return ()

    def _reads_past(self, name: str) -> bool:
        found = self.functions[name]
        return found.reads and not self._spends(name) and (found.verifies or GUARDS not in found.open)

    def _stands_before(self, name: str, after: str) -> bool:
        """Tell whether a function is the limiter of what it calls."""
        called = self.functions.get(after)
        if called is None or not called.reads:
            return False
        return self._spends(name) or (GUARDS in self.functions[name].open and not called.verifies)

    def _spends(self, name: str) -> bool:
        """Tell whether a function spends a budget, itself or by what it calls in its own module."""
        module, seen, waiting = name.rpartition(".")[0], {name}, [name]
        while waiting:
            refers = self.functions[waiting.pop()].open
            if SPENDS in refers:
                return True
            near = {
                one for one in refers - seen if one in self.functions and one.rpartition(".")[0] == module
            }
            seen |= near
            waiting += near
        return False


def secret_routes(app: Litestar, graph: Graph, *, exempt: frozenset[str] = frozenset()) -> list[Route]:
    """Return each verb of each route of an application that reads a secret."""
    found = []
    for name, starts in _handlers(app):
        ways = [way for start in starts if (way := graph.way_to_reader(start, exempt=exempt))]
        past = [
            way for start in starts if (way := graph.way_to_reader(start, exempt=exempt, past_limiter=True))
        ]
        if ways:
            found.append(Route(name, ways[0], past[0] if past else ()))
    return found


def _handlers(app: Litestar) -> Iterator[tuple[str, list[str]]]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            called = [handler.fn, *handler.resolve_guards()]
            starts = [f"{fn.__module__}.{fn.__qualname__}" for fn in map(_plain, called)]
            for verb in sorted(handler.http_methods):
                yield f"{verb} {route.path}", starts


class _Annotations(ast.NodeTransformer):
    """Takes annotations away: a type that is named is not called."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.returns = None
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        self.generic_visit(node)
        node.returns = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        self.generic_visit(node)
        node.annotation = ast.Constant(None)
        return node


def _bare(tree: ast.Module) -> ast.Module:
    made = _Annotations().visit(tree)
    assert isinstance(made, ast.Module)
    return made


def _plain(called: Any) -> Any:
    called = getattr(called, "value", called)
    return getattr(called, "func", called)


def _walk_back(came: dict[str, str], name: str) -> list[str]:
    way = [name]
    while came[way[-1]]:
        way.append(came[way[-1]])
    return way[::-1]


def _names_of(module: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Return what names mean in a module: its own functions and classes, and what it imports of the package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, f"{module}.{node.name}"


def _lookups(tree: ast.Module) -> frozenset[str]:
    """Return a module's constants that look something up by a hash."""
    by_hash: set[str] = set()
    found: set[str] = set()
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = {one.id for one in targets if isinstance(one, ast.Name)}
        parts = list(ast.walk(node.value))
        compares = any(isinstance(one, ast.Compare) and _is_hash(one.left) for one in parts)
        if compares or any(isinstance(one, ast.Name) and one.id in by_hash for one in parts):
            by_hash |= names
            if any(isinstance(one, ast.Attribute) and one.attr == "select" for one in parts):
                found |= names
    return frozenset(found)


def _is_hash(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr.endswith(("hash", "digest"))


def _read_function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, names: dict[str, str], lookups: frozenset[str]
) -> Function:
    behind = _behind(node)
    openly = [one for one in ast.walk(node) if one not in behind]
    named = [one.id for one in openly if isinstance(one, ast.Name)]
    asked = [one.attr for one in openly if isinstance(one, ast.Attribute)]
    verifies = bool(VERIFIES.intersection(named + asked))
    return Function(
        _refers(openly, names), _refers(behind, names), verifies, looks_up=bool(lookups.intersection(named))
    )


def _behind(node: ast.AST) -> set[ast.AST]:
    """Return what of a function runs behind the limiter: what it hands over as a `secret_check`."""
    checks = [
        one.value for one in ast.walk(node) if isinstance(one, ast.keyword) and one.arg == "secret_check"
    ]
    local = {one.name: one for one in ast.walk(node) if isinstance(one, ast.FunctionDef)}
    found: set[ast.AST] = set()
    for check in checks:
        handed = local.get(check.id, check) if isinstance(check, ast.Name) else check
        found |= set(ast.walk(handed))
    return found


def _refers(nodes: Any, names: dict[str, str]) -> frozenset[str]:
    found = set()
    for one in nodes:
        if isinstance(one, ast.Name) and one.id in names:
            found.add(names[one.id])
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id in names:
            found.add(f"{names[one.value.id]}.{one.attr}")
    return frozenset(found)
