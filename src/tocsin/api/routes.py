"""Routes of the API, as the application takes them."""

from litestar import Router

from tocsin.api.access import ACCESS
from tocsin.api.amendments import AMENDMENTS
from tocsin.api.events import EVENTS
from tocsin.api.files import FILES
from tocsin.api.health import get_health, get_readiness
from tocsin.api.holds import HOLDS
from tocsin.api.imports import IMPORTS
from tocsin.api.orders import ORDERS
from tocsin.api.screens import SCREENS
from tocsin.api.tickets import TERMINALS

HEALTH = [get_health, get_readiness]
API = Router(
    "/api/v1",
    route_handlers=[*ACCESS, *ORDERS, *AMENDMENTS, *IMPORTS, *FILES, *SCREENS, *TERMINALS, *HOLDS, *EVENTS],
)
