"""Registering by groups: the application is the one that the framework would have made by itself."""

from typing import Any

import pytest
from litestar import Litestar, Response, Router, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from tocsin.api.routes import API
from tocsin.app import _openapi, _pages
from tocsin.register import Group, GroupedApp, GroupRouter

GROUPS = (*API, *_pages())


def by_framework(groups: tuple[Group, ...]) -> Litestar:
    """Register the same handlers as the framework does."""
    routers = [
        Router(
            one.path, route_handlers=list(one.handlers), guards=one.guards, include_in_schema=one.in_schema,
            **({"request_max_body_size": one.most_bytes} if one.most_bytes else {}),  # type: ignore[arg-type]
        )
        for one in groups
    ]  # fmt: skip
    return Litestar(routers, openapi_config=_openapi(), request_max_body_size=1 << 20)


def by_group(groups: tuple[Group, ...]) -> Litestar:
    return GroupedApp(
        [GroupRouter(one) for one in groups], openapi_config=_openapi(), request_max_body_size=1 << 20
    )


def shown(app: Litestar) -> dict[str, Any]:
    """Return all that a request meets, by path and method."""
    return {
        f"{method} {route.path}": (
            "options" if method == "OPTIONS" else handler.handler_name, sorted(route.methods), handler.resolve_guards(),
            handler.resolve_request_max_body_size(), handler.resolve_include_in_schema(), handler.status_code,
            repr(route.path_components), sorted(handler.signature_model._fields) if method != "OPTIONS" else "",
        )
        for route in app.routes if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
    }  # fmt: skip


def test_the_routes_and_their_description_are_those_of_the_framework() -> None:
    one, other = by_group(GROUPS), by_framework(GROUPS)
    assert len(shown(one)) > 800
    assert shown(one) == shown(other)
    assert one.openapi_schema.to_schema() == other.openapi_schema.to_schema()


@get("/things/{number:int}", sync_to_thread=False)
def get_thing(number: int) -> int:
    return number


@post(["/things/{number:int}", "/"], sync_to_thread=False)
def post_thing() -> Response[None]:
    return Response(None, status_code=201)


def refuse_odd(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    if connection.headers.get("odd"):
        raise NotAuthorizedException


@pytest.mark.parametrize("make", [by_group, by_framework])
def test_requests_meet_the_same(make: Any) -> None:
    group = Group(path="/deep", handlers=[get_thing, post_thing], guards=(refuse_odd,), most_bytes=10)
    with TestClient(make((group,))) as client:
        assert client.get("/deep/things/7").json() == 7
        assert client.post("/deep").status_code == client.post("/deep/").status_code == 201
        if make is by_group:  # the framework forgets what is added to a path later
            asked = client.options("/deep/things/7")
            assert (asked.status_code, asked.headers["allow"]) == (204, "GET, OPTIONS, POST")
            assert client.options("/deep").headers["allow"] == "OPTIONS, POST"
        for path in ("/deep", "/deep/things/7"):
            assert client.options(path, headers={"odd": "1"}).status_code == 401
        assert client.delete("/deep").status_code == 405
        assert client.get("/deep/things/x").status_code == client.get("/deep/other").status_code == 404


def test_two_applications_share_no_handler() -> None:
    group = (Group(path="/", handlers=[get_thing]),)
    one, other = by_group(group), by_group(group)
    assert {id(h) for r in one.routes for h in r.route_handlers} & {id(h) for r in other.routes for h in r.route_handlers} == set()  # type: ignore[attr-defined] # fmt: skip
    with TestClient(one) as first, TestClient(other) as second:
        assert first.get("/things/1").json() == second.get("/things/1").json() == 1
