"""The API's description is complete, and no request that a machine makes of it ends in a fault."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from tests.api.door import Door
from tests.api.test_roles import RIGHTS
from tests.api.test_stations import SIGNED
from tocsin.core.sqlite import SqliteDatabase
from tocsin.core.vault import Vault


def test_the_description_names_every_route(door: Door):
    described = door.client.get("/api/v1/openapi.json")
    assert described.status_code == 200
    document = described.json()
    assert document["openapi"].startswith("3.1")
    listed = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, operations in document["paths"].items()
        for method in operations
        if path.startswith("/api/v1")
    }
    assert listed == {(method, path.replace(":str", "")) for method, path in (*RIGHTS, *SIGNED)}
    assert "receiver" in document["components"]["schemas"]["OrderIn"]["properties"]


@pytest.mark.no_cover  # thousands of requests, by lines that others count
def test_no_request_of_a_machine_is_a_fault(sqlite_template: Path, vault: Vault, tmp_path: Path):
    shutil.copy(sqlite_template, tmp_path / "desk.sqlite")
    door = Door(SqliteDatabase(tmp_path / "desk.sqlite", vault), tmp_path)
    number, headers = door.order(), {**door.headers("owner")}
    schema = schemathesis.openapi.from_dict(door.client.get("/api/v1/openapi.json").json())
    asked: dict[str, int] = {}
    faults: list[str] = []

    def ask(case) -> None:
        path = case.formatted_path.replace("/orders/0", f"/orders/{number}")
        body = {} if case.body is None or type(case.body).__name__ == "NotSet" else {"json": case.body}
        try:
            answer = door.client.request(
                case.method, path, params=case.query or None, headers={**headers, "accept": "*/*"}, **body
            )
        except (ValueError, UnicodeError, TypeError):  # what no client can even send
            return
        asked[case.operation.label] = asked.get(case.operation.label, 0) + 1
        if answer.status_code >= 500:
            faults.append(
                f"{case.method} {path} {case.query} {case.body!r}: {answer.status_code} {answer.text[:200]}"
            )

    with door.client:  # one event loop for all, not one for each request
        for result in schema.get_all_operations():
            operation = result.ok()
            if operation.path.endswith("/events") or not operation.path.startswith("/api"):
                continue
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                _try(operation.as_strategy, mode, ask)
    door.desk.close()
    assert faults == []
    assert len(asked) == len(RIGHTS) + len(SIGNED) - 1, sorted(asked)
    assert sum(asked.values()) > 10 * len(asked)


def _try(as_strategy: Callable[..., Any], mode: GenerationMode, ask: Callable[..., None]) -> None:
    try:
        test = settings(
            max_examples=12, deadline=None, phases=[Phase.generate], derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        )(given(as_strategy(generation_mode=mode))(ask))  # fmt: skip
        test()
    except Exception as nothing:
        if "Unsatisfiable" not in type(nothing).__name__ and "skip" not in str(nothing).lower():
            raise


def test_each_route_is_described_in_its_own_words(door: Door):
    document = door.client.get("/api/v1/openapi.json").json()
    operations = [one for path in document["paths"].values() for one in path.values()]
    summaries = [one["summary"] for one in operations]
    assert len(set(summaries)) == len(summaries)
    assert [one for one in operations if not one.get("description") or "thread pool" in str(one)] == []
    bodies = document["paths"]["/api/v1/orders/import"]["post"]["requestBody"]
    assert set(bodies["content"]) == {"application/json", "application/x-ndjson", "text/csv"}
