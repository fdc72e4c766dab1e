"""Routes of the API, as the application takes them."""

from inspect import cleandoc

from litestar.handlers import HTTPRouteHandler

from tocsin.api.access import ACCESS
from tocsin.api.alarm import ALARM
from tocsin.api.amendments import AMENDMENTS
from tocsin.api.bulk import BULK
from tocsin.api.campaigns import CAMPAIGNS
from tocsin.api.changes import CHANGES
from tocsin.api.checks import CHECKS
from tocsin.api.cloud_push import CLOUD_PUSH
from tocsin.api.cloudprnt import CLOUDPRNT
from tocsin.api.connections import CONNECTIONS
from tocsin.api.events import EVENTS
from tocsin.api.export import EXPORT
from tocsin.api.files import FILES
from tocsin.api.guard import require_import, require_known
from tocsin.api.health import get_health, get_readiness
from tocsin.api.holds import HOLDS
from tocsin.api.hooks import HOOKS
from tocsin.api.imports import IMPORTS
from tocsin.api.orders import ORDERS
from tocsin.api.people import PEOPLE
from tocsin.api.printer_swap import PRINTER_SWAP
from tocsin.api.printers import PRINTERS
from tocsin.api.problems import PROBLEMS
from tocsin.api.queues import QUEUES
from tocsin.api.screens import SCREENS
from tocsin.api.second_person import SECOND_PERSON
from tocsin.api.settlements import SETTLEMENTS
from tocsin.api.shifts import SHIFTS
from tocsin.api.stations import STATIONS
from tocsin.api.templates import TEMPLATES
from tocsin.api.tickets import TERMINALS
from tocsin.api.trials import TRIALS
from tocsin.api.webhooks import WEBHOOKS
from tocsin.gate import SAFE_METHODS
from tocsin.register import Group

HEALTH = [get_health, get_readiness]
JSON_MOST_BYTES = 1 << 20
STATION_MOST_BYTES = 64 << 10
_GROUPS = [
    ACCESS,
    ORDERS,
    EXPORT,
    AMENDMENTS,
    CHANGES,
    FILES,
    SCREENS,
    TERMINALS,
    TRIALS,
    PRINTERS,
    PRINTER_SWAP,
    QUEUES,
    HOLDS,
    EVENTS,
    ALARM,
    PEOPLE,
    IMPORTS,
    STATIONS,
    HOOKS,
    CLOUDPRNT,
    CLOUD_PUSH,
    WEBHOOKS,
    CAMPAIGNS,
    BULK,
    CONNECTIONS,
    SECOND_PERSON,
    CHECKS,
    SETTLEMENTS,
    PROBLEMS,
    TEMPLATES,
    SHIFTS,
]
_ROUTES: list[HTTPRouteHandler] = [handler for group in _GROUPS for handler in group]


def _describe(handler: HTTPRouteHandler) -> None:
    # Before it is registered: afterwards a route that runs in a thread stands in a wrapper.
    summary, _, rest = cleandoc(handler.fn.__doc__ or "").partition("\n")
    handler.summary, handler.description = summary, rest.partition("Raises:")[0].strip() or summary


for _handler in [*HEALTH, *_ROUTES]:
    _describe(_handler)
_KEYED = [*ACCESS, *ORDERS, *EXPORT, *AMENDMENTS, *CHANGES, *FILES, *SCREENS, *TERMINALS, *TRIALS, *PRINTERS, *PRINTER_SWAP, *QUEUES, *HOLDS, *EVENTS, *ALARM, *PEOPLE, *WEBHOOKS, *CAMPAIGNS, *BULK, *CONNECTIONS, *SECOND_PERSON, *CHECKS, *SETTLEMENTS, *PROBLEMS, *TEMPLATES, *SHIFTS]  # fmt: skip
for _handler in _KEYED:
    # A look-up asks who it is in the thread where it works; a guard that does nothing costs each of them a copy of the route.
    if not _handler.http_methods <= SAFE_METHODS:
        _handler.guards = [*(_handler.guards or ()), require_known]
API: tuple[Group, ...] = (
    Group(path="/api/v1", handlers=_KEYED, most_bytes=JSON_MOST_BYTES),
    # Many orders at once may be as long as an upload, from those who may take them in.
    Group(path="/api/v1", handlers=IMPORTS, guards=(require_known, require_import)),
    # A station signs what it sends; whether it did can only be told from the whole of it.
    Group(path="/api/v1", handlers=STATIONS, most_bytes=STATION_MOST_BYTES),
    # A platform signs what it sends; it has neither key nor session.
    Group(path="/hooks", handlers=HOOKS, most_bytes=JSON_MOST_BYTES),
    # A printer that comes for its papers: it has an address of its own, and nothing else.
    Group(path="/cloudprnt", handlers=CLOUDPRNT, most_bytes=STATION_MOST_BYTES),
    # A printer's cloud signs that there is news.
    Group(path="/cloud-push", handlers=CLOUD_PUSH, most_bytes=STATION_MOST_BYTES),
    Group(path="/", handlers=HEALTH),
)
