"""Every route that reads a secret stands behind the limiter, and one that does not is found."""

from pathlib import Path

import pytest
from litestar import Litestar, post

from tests.secret_paths import NO_SECRET, Graph, Route, secret_routes
from tests.telling import assert_none
from tocsin.app import build_app
from tocsin.desk import Desk, open_desk
from tocsin.settings import Settings

EXEMPT = frozenset(NO_SECRET)
# A door that reads one is here by its verb and path, so that none is lost from the graph unnoticed.
KNOWN = (
    "POST /sign-in/password", "POST /settings/password", "POST /owner/{token:str}", "GET /owner/{token:str}",
    "POST /sign-in/passkey", "POST /prove", "POST /reset", "GET /join/{token:str}", "POST /join/{token:str}",
    "POST /lock/pin", "GET /api/v1/me", "POST /api/v1/orders", "POST /api/v1/station/enrolments",
    "POST /api/v1/station/commands", "POST /cloudprnt/{token:str}", "GET /cloudprnt/{token:str}", "DELETE /cloudprnt/{token:str}", "POST /cloud-push/{name:str}",
    "GET /wall/{token:str}", "POST /wall/{token:str}",
)  # fmt: skip


@pytest.fixture(scope="module")
def graph() -> Graph:
    return Graph()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return open_desk(Settings(data_dir=str(tmp_path)))


def test_every_route_that_reads_a_secret_stands_behind_the_limiter(graph: Graph, desk: Desk) -> None:
    found = secret_routes(build_app(desk), graph, exempt=EXEMPT)
    desk.close()
    by_name = {one.name: one for one in found}
    assert len(found) >= 8
    assert_none(sorted(set(KNOWN) - set(by_name)), "The graph no longer reaches what they read.")
    wrong = [f"{one.name}: {' > '.join(one.unlimited)}" for one in found if one.unlimited]
    assert_none(wrong, "Hand the check to guarded_verify, or spend a budget where it is wrong.")


@pytest.mark.parametrize(
    ("body", "unlimited"),
    [
        ("return verify_password(given, hashed)", True),
        ("return guarded_verify(db, guess, secret_check=lambda: verify_password(given, hashed), on_right=id)", False),
        ("def check():\n  return verify_password(given, hashed)\n return guarded_verify(db, guess, secret_check=check, on_right=id)", False),
        ("verify_password(given, hashed)\n return guarded_verify(db, guess, secret_check=id, on_right=id)", True),
        ("return find_api_key(db, given, address='')", False),
        ("return hmac.compare_digest(given, hashed)", True),
        ("return db.read(0, lambda tx: tx.one(_FIND, hash=given))", True),
        ("found = db.read(0, lambda tx: tx.one(_FIND, hash=given))\n return guarded_verify(db, found, secret_check=id, on_right=id)", False),
        ("found = db.read(0, lambda tx: tx.one(_FIND, hash=given))\n return found or spend_budget(tx, guess)", False),
        ("key.verify(given)", True),
        ("return inner(given)", True),
    ],
)  # fmt: skip
def test_a_planted_route_is_seen_where_nothing_limits_it(graph: Graph, body: str, unlimited: bool) -> None:
    graph.add_source(
        "planted",
        f"""
from tocsin.access.password import verify_password
from tocsin.access.limiter import guarded_verify, spend_budget
from tocsin.access.api_key import find_api_key
_of_token = table.c.token_hash == bind("hash", str)
_FIND = Statement(sa.select(table.c.id).where(_of_token))
def inner(given):
 return verify_password(given, "")
def door(db: "verify_password", given, hashed):
 {body}
""",
    )
    assert graph.way_to_reader("planted.door", exempt=EXEMPT), "it reads a secret"
    assert bool(graph.way_to_reader("planted.door", exempt=EXEMPT, past_limiter=True)) == unlimited


def test_a_door_that_reads_none_and_one_that_is_exempt_are_left_alone(graph: Graph) -> None:
    graph.add_source(
        "planted",
        """
from tocsin.access.password import verify_password
def door(given: verify_password) -> verify_password:
 held: verify_password = given
 return held
def other(given):
 return verify_password(given, "")
""",
    )
    assert graph.way_to_reader("planted.door") == ()
    assert graph.way_to_reader("planted.other")
    exempt = frozenset({"planted.other > tocsin.access.password.verify_password"})
    assert graph.way_to_reader("planted.other", exempt=exempt) == ()


def test_a_planted_route_of_an_application_is_found(graph: Graph) -> None:
    @post("/planted")
    async def planted(data: dict[str, str]) -> bool:
        return bool(data)

    app = Litestar([planted], openapi_config=None)
    planted.fn.__module__, planted.fn.__qualname__ = "planted", "planted"
    graph.add_source(
        "planted",
        """
from tocsin.access.password import verify_password
async def planted(data):
 return verify_password(data["password"], data["hash"])
""",
    )
    way = ("planted.planted", "tocsin.access.password.verify_password")
    assert secret_routes(app, graph) == [Route("POST /planted", way, way)]


def test_what_is_exempt_exists_and_reads(graph: Graph) -> None:
    names = [name.partition(" > ")[2] or name for name in NO_SECRET]
    assert_none([name for name in names if name not in graph.functions or not graph.functions[name].reads])
