"""Routes of the API, as the application takes them."""

from litestar import Router

from tocsin.api.health import get_health, get_readiness

HEALTH = [get_health, get_readiness]
API = Router("/api/v1", route_handlers=[])
