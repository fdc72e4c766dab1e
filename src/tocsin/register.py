"""Registering routes: a group is taken whole, so that a desk with hundreds of routes is there in a moment.

The framework takes handlers one by one and looks through all before it for each, copies each group
deeply, and makes a handler of its own for `OPTIONS` of every path: half a second of a start.
"""

from collections.abc import Sequence
from copy import copy
from typing import Any

from litestar import Litestar, Request, Response, Router, route
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler, Guard
from msgspec import Struct


class Group(Struct, frozen=True, kw_only=True):
    """Handlers under one path, behind the same guards.

    Args:
        most_bytes: the largest body that they take; 0 for the application's.
    """

    path: str
    handlers: Sequence[HTTPRouteHandler]
    guards: tuple[Guard, ...] = ()
    most_bytes: int = 0
    in_schema: bool = True


@route("/", http_method="OPTIONS", include_in_schema=False, sync_to_thread=False)
def answer_options(request: Request[Any, Any, Any]) -> Response[None]:
    """Say which methods a path has."""
    group: Any = request.route_handler.owner
    return Response(None, status_code=204, headers={"Allow": group.allowed[request.scope["path_template"]]})


class GroupRouter(Router):
    """The routes of a group, made from copies of its handlers."""

    def __init__(self, group: Group) -> None:
        more: dict[str, Any] = {"request_max_body_size": group.most_bytes} if group.most_bytes else {}
        super().__init__(
            group.path, route_handlers=[], guards=group.guards, include_in_schema=group.in_schema, **more
        )
        paths: dict[str, list[HTTPRouteHandler]] = {}
        for mine in map(self._own, group.handlers):
            for at in mine.paths:
                paths.setdefault((group.path.rstrip("/") + at).rstrip("/") or "/", []).append(mine)
        options = self._own(answer_options)
        self.routes = [HTTPRoute(path=at, route_handlers=[*found, options]) for at, found in paths.items()]
        self.allowed = {one.path_format: ", ".join(sorted(one.methods)) for one in self.routes}

    def _own(self, handler: HTTPRouteHandler) -> HTTPRouteHandler:
        mine = copy(handler)
        mine.owner = self
        return mine


class GroupedApp(Litestar):
    """An application that takes groups."""

    def register(self, value: "ControllerRouterHandler | GroupRouter") -> None:  # type: ignore[override]
        """Register a group, or what the framework registers."""
        if not isinstance(value, GroupRouter):
            super().register(value)
            return
        value.owner = self
        for one in value.routes:
            assert isinstance(one, HTTPRoute)
            self.routes.append(one)
            for handler in one.route_handlers:
                handler.on_registration(self)
            one.create_handler_map()
            for plugin in self.plugins.receive_route:
                plugin.receive_route(one)
        self.asgi_router.construct_routing_trie()
