"""One printer's page, and what the API says of it: who it is, and who answers in its place."""

from tests.house import make_draft
from tests.peers.escpos_peer import EscposPeer
from tests.web.pages import Pages, text_of
from tocsin.tickets.device import list_printers
from tocsin.tickets.print_queue import get_queue


def set_up(pages: Pages, peer: EscposPeer, name: str = "Counter") -> str:
    """Set a printer up on its page; return its address there."""
    fields = {"name": name, "driver": "escpos_network", "address": f"{peer.host}:{peer.port}"}
    assert pages.post("/settings/printers", **fields).status_code == 303
    devices = pages.db.read(pages.house.merchant_id, list_printers)
    return f"/settings/printers/{next(one.id for one in devices if one.name == name)}"


def test_a_printer_shows_who_it_is_and_that_another_answers_in_its_place(pages: Pages) -> None:
    never = text_of(pages.get(f"/settings/printers/{pages.printer()}"))
    assert "It was not asked yet" in never or "neither a serial number" in never
    with EscposPeer() as peer:
        at = set_up(pages, peer, "Bar")
        page = text_of(pages.get(at))
        assert f"T{peer.port}" in page and "Peer-80" in page and "Another printer" not in page
        assert "another printer answers" not in text_of(pages.get("/problems"))
        peer.switches.who[68] = b"<b>STRANGER</b>"
        pages.post(f"{at}/probe")
        page = pages.get(at).text
        assert "Another printer answers in its place" in page and "&lt;b&gt;STRANGER&lt;/b&gt;" in page
        assert "Another printer answers" in text_of(pages.get("/settings/printers"))
        assert "Bar: another printer answers in its place" in text_of(pages.get("/problems"))
        api = f"/terminals/{at.rpartition('/')[2]}/identity"
        told = pages.ask("GET", api).json()
        assert (told["who"]["serial"], told["other"]["serial"]) == (f"T{peer.port}", "<b>STRANGER</b>")
        assert pages.post(f"{at}/rest", rests="1").status_code == 303
        pages.post(f"{at}/probe")
        assert "its papers wait until somebody has looked" in text_of(pages.get(at))
        shown = {"serial": "<b>STRANGER</b>", "mac": told["other"]["mac"]}
        assert pages.post(f"{at}/acceptance", serial="T1").status_code == 409
        assert pages.ask("POST", f"{api}/acceptance", json={"serial": "T1"}).json()["code"] == "other_changed"
        assert pages.post(f"{at}/acceptance", **shown).status_code == 303
        told = pages.ask("GET", api).json()
        assert (told["who"]["serial"], told["other"], told["rests"]) == ("<b>STRANGER</b>", None, True)
        assert pages.post(f"{at}/acceptance").status_code == 409
        assert pages.ask("POST", f"{api}/rest", json={"rests": False}).status_code == 200
        assert pages.ask("POST", f"{api}/acceptance", json=shown).json()["code"] == "no_other_printer"
        assert (
            pages.get("/settings/printers/1").status_code
            == 404
            == pages.ask("GET", "/terminals/1/identity").status_code
        )


def test_a_printer_that_moved_is_looked_for_and_taken_from_its_page(pages: Pages) -> None:
    with EscposPeer() as peer:
        at = set_up(pages, peer)
    with EscposPeer("127.0.0.7", peer.port) as moved:
        moved.switches.who[68] = peer.switches.who[68]
        pages.post(f"{at}/probe")
        assert "not seen its network card" in text_of(pages.post(f"{at}/search"))
        page = text_of(pages.post(f"{at}/search", ask="1"))
        assert (
            f"127.0.0.7:{peer.port}" in page and "Same serial number" in page and "of 253 addresses" in page
        )
        api = f"/terminals/{at.rpartition('/')[2]}"
        [found] = pages.ask("POST", f"{api}/search", json={"ask": True}).json()["found"]
        assert (found["host"], found["evidence"]) == ("127.0.0.7", "serial")
        for port in ("9" * 5000, "٣٣٣٣", "0", "-1", "70000"):
            wrong = pages.post(f"{at}/place", host="127.0.0.7", port=port)
            assert wrong.status_code == 422 and "its port is" in text_of(wrong), port[:9]
        wrong = pages.post(f"{at}/place", host="8.8.8.8")
        assert wrong.status_code == 422 and "outside the networks" in text_of(wrong)
        assert pages.ask("PUT", f"{api}/place", json={"host": "8.8.8.8"}).status_code == 422
        assert pages.post(f"{at}/place", host=found["host"], port=str(found["port"])).status_code == 303
        assert "Ready" in text_of(pages.get(at))
        place = {"host": found["host"], "port": found["port"]}
        assert pages.ask("PUT", f"{api}/place", json=place).status_code == 200


def test_a_printer_is_replaced_step_by_step_and_taken_back(pages: Pages) -> None:
    with EscposPeer() as peer:
        old, new = set_up(pages, peer, "Old one"), set_up(pages, peer, "New one")
        old_id, by = (each.rpartition("/")[2] for each in (old, new))
        order = pages.take(make_draft())
        assert pages.post(f"/terminals/{old_id}/prints", orders=str(order.id)).status_code == 303
        at = f"{old}/replacement"
        assert "Replace this printer" in text_of(pages.get(old)) and "Test page" not in text_of(pages.get(at))
        step = text_of(pages.get(f"{at}?by={by}"))
        assert "One ticket waits" in step and "Old one" in step and order.number not in step
        tried = pages.post(f"{at}/test", by=by)
        assert tried.headers["location"] == f"{at}?by={by}&said=printed" and len(peer.wait_papers(1)) == 1
        assert "The test page came out" in text_of(pages.get(tried.headers["location"]))
        untried = pages.post(at, by=by)
        assert untried.status_code == 409 and "say that it came out right" in text_of(untried)
        assert pages.post(at, by=old_id, right="1").status_code == 422
        assert pages.post(at, by=by, right="1").headers["location"].startswith(at)
        page = text_of(pages.get(at))
        assert (
            "New one stands in its place" in page
            and "One ticket went over" in page
            and "Take Old one away" in page
        )
        api = f"/terminals/{old_id}/replacement"
        told = pages.ask("GET", api).json()
        assert (told["waiting"], told["replaced_by"], told["can_undo"]) == (0, by, True)
        assert pages.post(f"{at}/undo").status_code == 303 and pages.post(f"{at}/undo").status_code == 404
        assert (
            pages.ask("POST", api, json={"by": by, "came_out_right": False}).json()["code"] == "swap_untried"
        )
        assert pages.ask("POST", api, json={"by": by, "came_out_right": True}).json() == {"moved": 1}
        assert pages.ask("DELETE", api).json() == {"moved": 1}
        pages.post(at, by=by, right="1")
        assert pages.post(f"{old}/removal").status_code == 303
        queue = pages.db.read(pages.house.merchant_id, lambda tx: get_queue(tx, queue_id=int(old_id)))
        assert str(queue.printer_id) == by and pages.get(at).status_code == 404


def rows_of(pages: Pages) -> str:
    """Return the list of printers, without the form below it."""
    return text_of(pages.get("/settings/printers")).partition("Add a printer")[0]


def test_a_printers_name_and_paper_are_changed_on_its_page(pages: Pages) -> None:
    with EscposPeer() as peer:
        at = set_up(pages, peer)
        page = pages.get(at).text
        assert 'value="80" selected' in page and "Which copies it prints is said at its queue" in page
        new = {"name": "Bar", "paper_mm": "58", "language": "en"}
        wrong = pages.post(at, **{**new, "paper_mm": "210x297"})
        assert wrong.status_code == 422 and "prints rolls and labels" in text_of(wrong)
        assert 'value="Bar"' in wrong.text, "what was typed stays"
        assert pages.post(at, **{**new, "paper_mm": "70"}).status_code == 422
        assert pages.post(at, **new).status_code == 303
        listed = text_of(pages.get("/settings/printers"))
        assert "Bar" in listed and "58 mm" in listed and "Counter" not in listed
        assert 'value="58" selected' in pages.get(at).text
        api, queue = (
            f"/terminals/{(printer_id := at.rpartition('/')[2])}",
            {"name": "Bar", "copies": ["kitchen"]},
        )
        assert "Kitchen copy" not in rows_of(pages)
        assert (
            pages.ask("PUT", f"/queues/{printer_id}", json={**queue, "printer": printer_id}).status_code
            == 200
        )
        assert "Kitchen copy" in rows_of(pages), "what its queue prints of each order"
        told = {one["id"]: one["copies"] for one in pages.ask("GET", "/terminals").json()}
        assert told[printer_id] == ["kitchen"]
        label = {"name": "Bar", "paper_mm": 60, "paper_high_mm": 40, "locale": "en"}
        assert pages.ask("PUT", api, json=label).json()["code"] == "printer_wrong"
        assert (
            pages.ask("PUT", api, json={"name": "Bar", "paper_mm": 80, "locale": "zh_CN"}).status_code == 200
        )
        assert 'value="80" selected' in pages.get(at).text
