"""The application of a desk: built once in a process, for that takes as long as many a test."""

from copy import copy
from functools import cache

from litestar import Litestar
from litestar.datastructures import State
from litestar.events import SimpleEventEmitter

from tocsin.app import Front, build_app
from tocsin.desk import Desk
from tocsin.observe import Timed
from tocsin.settings import Settings


def app_of(desk: Desk) -> Litestar:
    """Return what `build_app` returns, with the routes of an earlier desk and the state of this one."""
    built = _build(desk.settings.upload_limit_bytes)
    app, app.asgi_router = copy(built), copy(built.asgi_router)
    app.asgi_router.app = app
    app.state, app.event_emitter = State({"desk": desk}), SimpleEventEmitter(listeners=[])
    assert isinstance(built.asgi_handler, Timed) and isinstance(built.asgi_handler.inner, Front)
    app.asgi_handler = Timed(Front(built.asgi_handler.inner._inner, desk))
    return app


@cache
def _build(upload_limit_bytes: int) -> Litestar:
    """All that is in an application but its desk; the limit is the one setting that its routes are made with."""
    return build_app(_Nobody(Settings(upload_limit_bytes=upload_limit_bytes)))  # type: ignore[arg-type]


class _Nobody:
    """Stands where the desk comes; a route that asks it anything fails."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
