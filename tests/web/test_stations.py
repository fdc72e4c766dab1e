"""Stations and fingers as pages: codes, revoking, readers at desks, an enrolment with its progress."""

import re

from tests.access.counters import Counter
from tests.access.stations import Machine
from tests.web.pages import Pages, text_of
from tocsin.access.desk_reader import list_placed
from tocsin.access.finger import list_fingers
from tocsin.access.reader import FINGERS
from tocsin.access.station import StationEnrolled, list_stations
from tocsin.core import clock
from tocsin.core.command import report_progress


def test_a_code_is_shown_once_and_enrols_a_station(pages: Pages) -> None:
    assert "No station yet" in text_of(pages.get("/settings/stations"))
    made = text_of(pages.post("/settings/stations/codes"))
    code = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", made)
    assert code and f"tocsin station enrol --server http://localhost:8717 --code {code[0]} --name " in made
    assert pages.get("/settings/stations/codes").headers["location"] == "/settings/stations", (
        "a reload asks for it"
    )
    assert code[0] not in text_of(pages.get("/settings/stations"))
    assert isinstance(Machine(pages.house).enrol(code[0], name="前台电脑"), StationEnrolled)
    shown = text_of(pages.get("/settings/stations"))
    assert "前台电脑" in shown and "Not yet seen" in shown


def test_a_station_is_seen_expected_and_revoked(pages: Pages) -> None:
    counter = Counter(pages.db, house=pages.house)
    shown = text_of(pages.get("/settings/stations"))
    assert "Connected" in shown and "Reader ready" in shown and "fprintd" in shown
    path = f"/settings/stations/{counter.machine.id}"
    assert pages.post(f"{path}/expectation", always="1").status_code == 303
    assert "May be switched off" in text_of(pages.get("/settings/stations"))
    clock.shift_clock(31 * clock.SECOND_US)
    assert "Silent" in text_of(pages.get("/settings/stations"))
    assert pages.post(f"{path}/revocation").status_code == 303
    assert "Revoked" in text_of(pages.get("/settings/stations"))
    assert pages.post(f"{path}/revocation").status_code == 404
    (found,) = counter.read(lambda tx: list_stations(tx, counter.owner))
    assert found.always and found.revoked_at_us


def test_a_reader_is_placed_at_a_desk(pages: Pages) -> None:
    counter = Counter(pages.db, house=pages.house)
    path = f"/settings/stations/desks/{counter.desk_id}"
    assert pages.post(path, station="").status_code == 303
    assert counter.read(list_placed) == []
    assert pages.post(path, station=str(counter.machine.id)).status_code == 303
    assert [one.station_id for one in counter.read(list_placed)] == [counter.machine.id]
    assert pages.post(path, station="404").status_code == 404
    assert pages.post("/settings/stations/desks/404", station="").status_code == 404


def test_an_enrolment_is_followed_stopped_and_told(pages: Pages) -> None:
    counter = Counter(pages.db, house=pages.house)
    clerk = counter.operator("clerk", name="wang")
    counter.machine.actor()
    fields = {"operator": str(clerk), "station": str(counter.machine.id), "finger": FINGERS[0]}
    asked = pages.post("/settings/fingers", **fields)
    assert asked.status_code == 303
    where = asked.headers["location"]
    command_id = int(where.rpartition("=")[2])
    assert "Lay the finger on the reader, and lift it" in text_of(pages.get(where))
    counter.commands()
    counter.write(lambda tx: report_progress(
        tx, station_id=counter.machine.id, command_id=command_id, progress={"done": 3, "of": 6, "retry": "remove-and-retry"}
    ))  # fmt: skip
    shown = text_of(pages.get(where))
    assert "3 of 6" in shown and "Lift the finger, then lay it again" in shown
    assert pages.post("/settings/fingers/stop", operator=str(clerk), asked=str(command_id)).status_code == 303
    assert [one.kind for one in counter.commands()] == ["reader.cancel"]
    assert counter.answer_enrolment(command_id, "enrolled")
    shown = text_of(pages.get(where))
    assert "The finger is enrolled" in shown and "Right index finger" in shown
    known = pages.post("/settings/fingers", **fields)
    assert known.status_code == 409 and "enrolled at this reader already" in known.text
    assert pages.post("/settings/fingers/deletion", **fields).status_code == 303
    assert counter.read(lambda tx: list_fingers(tx, operator_ids=[clerk])) == []
    assert pages.post("/settings/fingers/deletion", **fields).status_code == 404


def test_a_finger_of_somebody_else_is_named_and_a_silent_station_too(pages: Pages) -> None:
    counter = Counter(pages.db, house=pages.house)
    clerk = counter.operator()
    counter.machine.actor()
    asked = pages.post(
        "/settings/fingers", operator=str(clerk), station=str(counter.machine.id), finger=FINGERS[0]
    )
    where = asked.headers["location"]
    counter.answer_enrolment(int(where.rpartition("=")[2]), "duplicate")
    assert "enrolled at this reader already" in text_of(pages.get(where))
    counter.machine.actor()
    asked = pages.post(
        "/settings/fingers", operator=str(clerk), station=str(counter.machine.id), finger=FINGERS[0]
    )
    clock.shift_clock(91 * clock.SECOND_US)
    assert "The station did not answer" in text_of(pages.get(asked.headers["location"]))
    assert "No reader is ready now" in text_of(pages.get("/settings/fingers"))


def test_each_sees_and_enrols_whom_he_may(pages: Pages) -> None:
    counter = Counter(pages.db, house=pages.house)
    owner_id, clerk = counter.owner_id, counter.operator("clerk", name="wang")
    counter.machine.actor()
    shown = text_of(pages.get("/settings/fingers", role="clerk"))
    assert f'value="{owner_id}"' not in shown and f'value="{clerk}"' not in shown
    fields = {"station": str(counter.machine.id), "finger": FINGERS[0]}
    for operator_id in (owner_id, clerk):
        assert (
            pages.post("/settings/fingers", role="clerk", operator=str(operator_id), **fields).status_code
            == 403
        )
        assert (
            pages.post(
                "/settings/fingers/deletion", role="clerk", operator=str(operator_id), **fields
            ).status_code
            == 403
        )
    assert f'value="{clerk}"' in text_of(pages.get("/settings/fingers", role="manager"))
    assert pages.post("/settings/fingers", role="manager", operator=str(clerk), **fields).status_code == 303
    assert (
        pages.post("/settings/fingers", role="manager", operator=str(owner_id), **fields).status_code == 403
    )


def test_only_who_may_change_the_shop_sees_its_stations(pages: Pages) -> None:
    for role in ("clerk", "checker", "auditor"):
        assert pages.get("/settings/stations", role=role).status_code == 403
        for path in ("codes", "7/revocation", "7/expectation", "desks/7"):
            assert pages.post(f"/settings/stations/{path}", role=role, station="").status_code == 403, path
    for path in ("/settings/stations/x/revocation", "/settings/stations/desks/x"):
        assert pages.post(path).status_code == 404
    assert pages.get("/settings/fingers?asked=x").status_code == 200
    assert pages.get("/settings/fingers?asked=7").status_code == 200
