"""The alarm's home, and the posture by hand."""

from tests.house import make_draft
from tests.web.attacks import attack, incidents, victim, watch
from tests.web.pages import Pages, text_of
from tocsin.alarm.channel import Address
from tocsin.alarm.incident import clear_incident
from tocsin.alarm.posture import read_postures
from tocsin.alarm.recipient import add_recipient
from tocsin.alarm.signal import Signal, send_signal
from tocsin.alarm.siren_row import add_siren
from tocsin.core.clock import MINUTE_US, shift_clock


def states(pages: Pages) -> list[str]:
    """Return the postures that were, newest first."""
    return [one.state for one in pages.db.read(pages.house.merchant_id, read_postures)]


def test_an_empty_home_teaches(pages: Pages) -> None:
    said = text_of(pages.get("/alarm"))
    for words in (
        "Nothing is open",
        "No incident yet",
        "No siren yet",
        "Nobody is told outside the desk",
        "No drill yet",
        "calm from the start",
    ):
        assert words in said, words


def test_open_and_past_incidents_and_who_set_the_posture(pages: Pages) -> None:
    attack(pages, victim(pages))
    (first,) = incidents(pages)
    owner = pages.house.actor()
    pages.db.write(pages.house.merchant_id, lambda tx: clear_incident(tx, owner, incident_id=first.id))
    attack(pages, victim(pages, "王强"), times=4)
    said = text_of(pages.get("/alarm", role="auditor"))
    open_, past = said.split("Past incidents")
    assert (
        "sign in as 王强" in open_
        and f"/incidents/{first.id}" not in open_.partition("<main")[2].partition("Posture")[0]
    )
    assert "sign in as 林小姐" in past and "cleared by owner" in past
    assert "the desk" in past and "Set the posture" not in past, "an auditor looks on"


def test_past_incidents_are_paged(pages: Pages) -> None:
    who, owner = victim(pages), pages.house.actor()
    for _ in range(25):
        attack(pages, who, times=1)
        (one, *_) = incidents(pages)
        pages.db.write(
            pages.house.merchant_id, lambda tx, one=one: clear_incident(tx, owner, incident_id=one.id)
        )  # type: ignore[misc]
    first = text_of(pages.get("/alarm"))
    assert first.count("data-open") == 20
    following = first.partition('rel="next" href="')[2].partition('"')[0]
    assert text_of(pages.get(following)).count("data-open") == 5


def test_the_posture_by_hand_asks_who_and_why(pages: Pages) -> None:
    asked = {"state": "lockdown", "reason": "a clerk's phone was stolen"}
    nobody = pages.post("/posture", role="", **asked)
    assert nobody.status_code == 303 and nobody.headers["location"].startswith("/sign-in")
    for role in ("clerk", "checker", "auditor"):
        assert pages.post("/posture", role=role, **asked).status_code == 403, role
    assert pages.post("/posture", token="another's", **asked).status_code == 403
    without = pages.post("/posture", state="lockdown", reason=" ")
    assert (
        without.status_code == 422
        and 'id="f-reason" name="reason" required aria-invalid="true"' in without.text
    )
    assert pages.post("/posture", state="panic", reason="x").status_code == 422
    assert states(pages) == []
    for _ in range(2):
        assert pages.post("/posture", role="manager", form_key="12345678", **asked).status_code == 303
    assert states(pages) == ["lockdown"], "sent twice, done once"
    same = pages.post("/posture", **asked)
    assert same.status_code == 409 and "since manager set it" in same.text
    said = text_of(pages.get("/orders", role="clerk"))
    assert "Lockdown" in said and 'data-posture="lockdown"' in said
    assert "a clerk&#39;s phone was stolen" in text_of(pages.get("/alarm", role="clerk"))
    assert pages.get("/posture").headers["location"] == "/alarm"


def test_only_owners_are_led_to_lock_everything(pages: Pages) -> None:
    assert "/lock-all" in text_of(pages.get("/alarm"))
    assert "/lock-all" not in text_of(pages.get("/alarm", role="manager"))


def test_the_home_asks_who(pages: Pages) -> None:
    assert pages.get("/alarm", role="").status_code == 303
    assert pages.get("/alarm", role="station").status_code == 403
    for hostile in ("-1", "x", "9" * 40, "١٢"):
        assert pages.get(f"/alarm?before={hostile}").status_code == 404


def test_sirens_say_how_they_are(pages: Pages) -> None:
    owner = pages.house.actor()
    pages.db.write(pages.house.merchant_id, lambda tx: add_siren(
        tx, owner, name="Door", place="by the till", driver="memory", options={}
    ))  # fmt: skip
    said = text_of(pages.get("/alarm", role="clerk"))
    assert "Door" in said and "by the till" in said and "Not seen yet" in said and "No siren yet" not in said


def test_devices_and_papers_are_called_by_their_names(pages: Pages) -> None:
    owner = pages.house.actor()
    siren_id = pages.db.write(pages.house.merchant_id, lambda tx: add_siren(
        tx, owner, name="Door", driver="memory", options={}
    ))  # fmt: skip
    order, printer_id = pages.take(make_draft()), pages.printer()
    pages.post(f"/terminals/{printer_id}/prints", order=str(order.id), revision="1")
    job_id = pages.jobs(order)[0].id
    told = {
        "siren_vanished": (f"siren:{siren_id}", "A siren does not answer: Door"),
        "void_scanned": (f"ticket:{job_id}", f"A void ticket was scanned: {order.number}"),
        "station_vanished": ("station:7", "A station has vanished: a station"),
        "revoked_used": ("api_key:7", "Something that was revoked has been used: an API key"),
    }
    for kind, (subject, headline) in told.items():
        signal = Signal(kind=kind, subject=subject)  # type: ignore[arg-type]
        pages.db.write(pages.house.merchant_id, lambda tx, signal=signal: send_signal(tx, signal))  # type: ignore[misc]
        watch(pages)
        assert headline in text_of(pages.get("/alarm")), kind
        assert headline in text_of(pages.get(f"/incidents/{incidents(pages)[0].id}")), kind


def test_people_who_are_told_are_counted(pages: Pages) -> None:
    owner = pages.house.actor()
    address = Address(service="ntfy", url="ntfys://example.org/shop", shown="ntfy · example.org")
    pages.db.write(
        pages.house.merchant_id, lambda tx: add_recipient(tx, owner, address, name="Lin", locale="en")
    )
    said = text_of(pages.get("/alarm", role="clerk"))
    assert "Channels that are told" in said and "Never received a test" in said
    assert "example.org" not in said, "an address is nobody else's business"


def test_who_lifts_a_lockdown_proves_who_he_is(pages: Pages) -> None:
    assert pages.post("/posture", state="lockdown", reason="x").status_code == 303
    shift_clock(11 * MINUTE_US)
    led = pages.post("/posture", state="calm", reason="over")
    assert led.status_code == 303 and led.headers["location"].startswith("/prove?next=")
    assert states(pages) == ["lockdown"]
    pages.prove()
    assert pages.post("/posture", state="calm", reason="over").status_code == 303
    assert states(pages) == ["calm", "lockdown"]
