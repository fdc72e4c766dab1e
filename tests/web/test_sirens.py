"""Sirens on their page, with a real relay behind a real broker: set up, tried out, changed, removed; the hours."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alarm.yard import PACE
from tests.peers.mosquitto_broker import Broker
from tests.peers.tasmota_relay import TasmotaRelay
from tests.web.pages import Pages, text_of
from tocsin.alarm.hours import CLOSED, read_hours
from tocsin.alarm.siren_row import SirenRow, list_sirens, read_siren_options
from tocsin.alarm.sounding import Sounding

GIVEN = {
    "driver": "mqtt",
    "name": "Yard",
    "place": "Door",
    "rank": "1",
    "station_id": "0",
    "options.dialect": "tasmota",
}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path / "broker")
    yield made
    made.stop()


def rows(pages: Pages) -> list[SirenRow]:
    return pages.db.read(pages.house.merchant_id, list_sirens)


def test_a_siren_is_set_up_heard_changed_and_removed(pages: Pages, broker: Broker) -> None:
    relay, sounding = TasmotaRelay(broker.port, "siren1"), Sounding(pages.db, pace=PACE)
    sounding.start()
    try:
        offered = text_of(pages.get("/settings/sirens"))
        assert (
            "/settings/sirens/new?kind=mqtt" in offered
            and "kind=memory" not in offered
            and "kind=browser" not in offered
        )
        form = GIVEN | {
            "options.host": "127.0.0.1",
            "options.tcp_port": str(broker.port),
            "options.topic": "siren1",
            "options.password": "geheim",
        }
        assert pages.post("/settings/sirens", form=form.items()).headers["location"].endswith("said=added")
        (row,) = rows(pages)
        said = pages.post(f"/settings/sirens/{row.id}/trial")
        assert said.headers["location"] == "/settings/sirens?said=heard"
        assert relay.on[1], "it really sounds"
        until = time.monotonic() + 5
        while relay.on[1] and time.monotonic() < until:
            time.sleep(0.02)
        assert not relay.on[1], "for two seconds"
        page = text_of(pages.get("/settings/sirens?said=heard"))
        assert "Yard" in page and "127.0.0.1 · siren1" in page and "says so" in page
        shown = text_of(pages.get(f"/settings/sirens/{row.id}"))
        assert "geheim" not in shown and 'value="siren1"' in shown
        changed = form | {"name": "Hall", "options.password": "", "backup": "1", "rank": "3"}
        assert pages.post(f"/settings/sirens/{row.id}", form=changed.items()).status_code == 303
        (row,) = rows(pages)
        assert (row.name, row.backup, row.rank) == ("Hall", 1, 3)
        kept = pages.db.read(pages.house.merchant_id, lambda tx: read_siren_options(tx, row))
        assert kept["password"] == "geheim"
        until = time.monotonic() + 5
        while rows(pages)[0].probed_at_us < row.changed_at_us and time.monotonic() < until:
            time.sleep(0.02)
        relay.deaf = True
        failed = pages.post(f"/settings/sirens/{row.id}/trial")
        assert failed.headers["location"] == "/settings/sirens?said=failed"
        assert "没有确认" in text_of(pages.get("/settings/sirens?said=failed&locale=zh_CN"))
        assert pages.post(f"/settings/sirens/{row.id}/removal").status_code == 303
        assert rows(pages) == []
    finally:
        sounding.stop()
        relay.close()


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_is_kept(pages: Pages) -> None:
    for form, said in (
        (GIVEN | {"options.topic": "a/#"}, "a topic names one device"),
        (GIVEN | {"options.topic": "siren1", "name": " "}, "a name has 1 to 60 characters"),
        (GIVEN | {"options.topic": "siren1", "station_id": "7"}, "choose one of the list"),
        (GIVEN | {"options.topic": "siren1", "rank": "x"}, "a rank is a number from 1 to 99"),
        ({"driver": "http", "name": "x", "rank": "1", "options.url": "http://169.254.169.254/"}, "outside the networks"),
        ({"driver": "serial_relay", "name": "x", "rank": "1", "options.port": "/etc/passwd"}, "/dev/ttyUSB0"),
        ({"driver": "modbus", "name": "x", "rank": "1", "options.line": "tcp"}, "it is needed"),
    ):  # fmt: skip
        answer = pages.post("/settings/sirens", form=form.items())
        assert answer.status_code == 422 and said in answer.text and 'aria-invalid="true"' in answer.text, (
            form
        )
        typed = form.get("options.topic") or form.get("options.url") or form.get("options.port") or "tcp"
        assert f'value="{typed}"' in answer.text
    chinese = pages.post("/settings/sirens?locale=zh_CN", form=(GIVEN | {"options.topic": "+"}).items())
    assert "主题只指一台设备" in chinese.text
    assert rows(pages) == []
    for kind in ("memory", "browser", "trumpet", ""):
        assert pages.get(f"/settings/sirens/new?kind={kind}").status_code == 422
    assert pages.get("/settings/sirens/7").status_code == 404


def test_the_same_form_sent_twice_is_one_siren(pages: Pages) -> None:
    form = GIVEN | {"options.topic": "siren1", "form_key": "k" * 16}
    for _ in range(2):
        assert pages.post("/settings/sirens", form=form.items()).status_code == 303
    assert len(rows(pages)) == 1


def test_each_kind_has_its_form(pages: Pages) -> None:
    for kind, field in (("mqtt", "options.topic"), ("http", "options.on_url"), ("modbus", "options.device_id"), ("serial_relay", "options.port")):  # fmt: skip
        page = text_of(pages.get(f"/settings/sirens/new?kind={kind}"))
        assert (f'name="{field}"' in page and 'data-only="' in page) or kind == "serial_relay"


def test_a_siren_that_nobody_drives_is_waited_for_only_so_long(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tocsin.web import sirens

    monkeypatch.setattr(sirens, "_TRIAL_SECONDS", 0.2)
    pages.post("/settings/sirens", form=(GIVEN | {"options.topic": "siren1"}).items())
    answer = pages.post(f"/settings/sirens/{rows(pages)[0].id}/trial")
    assert answer.headers["location"].endswith("said=waiting")


def test_hours_are_kept_as_people_write_them(pages: Pages) -> None:
    days = {
        "open_0": "09：00－21:30",
        "open_1": "",
        "open_2": "休息",
        "open_3": "closed",
        "open_4": "18:00-02:00",
        "open_5": "",
        "open_6": "",
    }
    form = {**days, "closed_delay_seconds": "90", "closed_budget_seconds": "0", "revision": "0"}
    assert pages.post("/settings/siren-hours", form=form.items()).status_code == 303
    kept = pages.db.read(pages.house.merchant_id, read_hours)
    assert (
        kept.open == ("09:00-21:30", "", CLOSED, CLOSED, "18:00-02:00", "", "")
        and kept.closed_delay_seconds == 90
    )
    assert 'value="18:00-02:00"' in text_of(pages.get("/settings/sirens"))
    late = pages.post("/settings/siren-hours", form=form.items())
    assert late.status_code == 409 and "changed by somebody else" in late.text
    wrong = pages.post("/settings/siren-hours", form=(form | {"revision": "1", "open_6": "9-21"}).items())
    assert wrong.status_code == 422 and 'value="9-21"' in wrong.text and "hours are written as" in wrong.text
    assert (
        pages.post(
            "/settings/siren-hours", form=(form | {"revision": "1", "closed_delay_seconds": "x"}).items()
        ).status_code
        == 422
    )


def test_who_may(pages: Pages) -> None:
    pages.post("/settings/sirens", form=(GIVEN | {"options.topic": "siren1"}).items())
    siren_id = rows(pages)[0].id
    assert pages.get("/settings/sirens", role="").status_code in (303, 401)
    seen = text_of(pages.get("/settings/sirens", role="clerk"))
    assert "Yard" in seen and "/trial" not in seen and "/settings/sirens/new" not in seen
    for role in ("clerk", "checker", "auditor"):
        assert pages.get(f"/settings/sirens/{siren_id}", role=role).status_code == 403
        assert pages.get("/settings/sirens/new?kind=mqtt", role=role).status_code == 403
        for path in ("", f"/{siren_id}", f"/{siren_id}/trial", f"/{siren_id}/removal"):
            answer = pages.post(
                f"/settings/sirens{path}", role=role, form=(GIVEN | {"options.topic": "b"}).items()
            )
            assert answer.status_code == 403, (role, path)
        assert pages.post("/settings/siren-hours", role=role, form=[("revision", "0")]).status_code == 403
    assert len(rows(pages)) == 1 and not rows(pages)[0].test_until_us
    assert pages.post(f"/settings/sirens/{siren_id}/removal", token="0" * 32).status_code == 403
