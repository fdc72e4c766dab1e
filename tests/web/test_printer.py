"""One printer's page, and what the API says of it: who it is, and who answers in its place."""

from tests.peers.escpos_peer import EscposPeer
from tests.web.pages import Pages, text_of
from tocsin.tickets.device import list_printers


def set_up(pages: Pages, peer: EscposPeer, name: str = "Counter") -> str:
    """Set a printer up on its page; return its address there."""
    fields = {"name": name, "driver": "escpos_network", "address": f"{peer.host}:{peer.port}"}
    assert pages.post("/settings/printers", **fields).status_code == 303
    devices = pages.db.read(pages.house.merchant_id, list_printers)
    return f"/settings/printers/{next(one.id for one in devices if one.name == name)}"


def test_a_printer_shows_who_it_is_and_that_another_answers_in_its_place(pages: Pages) -> None:
    with EscposPeer() as peer:
        at = set_up(pages, peer)
        page = text_of(pages.get(at))
        assert f"T{peer.port}" in page and "Peer-80" in page and "Another printer" not in page
        assert "another printer answers" not in text_of(pages.get("/problems"))
        peer.switches.who[68] = b"<b>STRANGER</b>"
        pages.post(f"{at}/probe")
        page = pages.get(at).text
        assert "Another printer answers in its place" in page and "&lt;b&gt;STRANGER&lt;/b&gt;" in page
        assert "Another printer answers" in text_of(pages.get("/settings/printers"))
        assert "Counter: another printer answers in its place" in text_of(pages.get("/problems"))
        api = f"/terminals/{at.rpartition('/')[2]}/identity"
        told = pages.ask("GET", api).json()
        assert (told["who"]["serial"], told["other"]["serial"]) == (f"T{peer.port}", "<b>STRANGER</b>")
        assert pages.post(f"{at}/rest", rests="1").status_code == 303
        pages.post(f"{at}/probe")
        assert "its papers wait until somebody has looked" in text_of(pages.get(at))
        assert pages.post(f"{at}/acceptance").status_code == 303
        told = pages.ask("GET", api).json()
        assert (told["who"]["serial"], told["other"], told["rests"]) == ("<b>STRANGER</b>", None, True)
        assert pages.post(f"{at}/acceptance").status_code == 409
        assert pages.ask("POST", f"{api}/rest", json={"rests": False}).status_code == 200
        assert pages.ask("POST", f"{api}/acceptance").status_code == 409
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
        wrong = pages.post(f"{at}/place", host="8.8.8.8")
        assert wrong.status_code == 422 and "outside the networks" in text_of(wrong)
        assert pages.ask("PUT", f"{api}/place", json={"host": "8.8.8.8"}).status_code == 422
        assert pages.post(f"{at}/place", host=found["host"], port=str(found["port"])).status_code == 303
        assert "Ready" in text_of(pages.get(at))
        place = {"host": found["host"], "port": found["port"]}
        assert pages.ask("PUT", f"{api}/place", json=place).status_code == 200
