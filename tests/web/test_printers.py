"""Printers on their page, with a real one that answers on TCP."""

import re
from pathlib import Path

from tests.databases import free_port
from tests.house import make_draft
from tests.peers.escpos_peer import EscposPeer
from tests.peers.feie_cloud import SN, UKEY, USER, FeieCloud
from tests.web.pages import Pages, text_of
from tocsin.settings import read_networks
from tocsin.tickets.cloud import open_clouds
from tocsin.tickets.device import list_printers, read_options
from tocsin.web.found import show_reason
from tocsin.web.words import Words


def only(pages: Pages) -> int:
    """Return the one printer that is set up."""
    (device,) = pages.db.read(pages.house.merchant_id, list_printers)
    return device.id


def test_a_printer_is_set_up_tried_out_and_removed(pages: Pages) -> None:
    with EscposPeer() as peer:
        form = {"name": "Counter", "driver": "escpos_network", "address": f"127.0.0.1:{peer.port}", "paper_mm": "58",
                "language": "en", "copy_customer": "1", "copy_merchant": "1"}  # fmt: skip
        assert pages.post("/settings/printers", **form).headers["location"] == "/settings/printers?said=added"
        printer_id = only(pages)
        page = text_of(pages.get("/settings/printers"))
        assert "Ready" in page and "58 mm" in page and "Customer copy" in page
        answer = pages.post(f"/settings/printers/{printer_id}/test")
        assert answer.headers["location"] == "/settings/printers?said=printed"
        assert peer.wait_papers(1)[0].codes()["qr"].endswith("/scan")
        assert (
            pages.post(f"/settings/printers/{printer_id}/probe").headers["location"].endswith("said=online")
        )
    assert pages.post(f"/settings/printers/{printer_id}/probe").headers["location"].endswith("said=offline")
    assert "refuses the connection" in text_of(pages.get("/settings/printers?said=offline"))
    assert pages.post(f"/settings/printers/{printer_id}/removal").status_code == 303
    assert pages.post(f"/settings/printers/{printer_id}/removal").status_code == 404


def test_what_is_wrong_is_said_at_the_form_and_kept(pages: Pages) -> None:
    for form in (
        {"name": "", "driver": "escpos_network", "address": "127.0.0.1"},
        {"name": "X", "driver": "escpos_network", "address": "no such host!"},
        {"name": "X", "driver": "escpos_network", "address": "127.0.0.1:99999"},
        {"name": "X", "driver": "escpos_serial", "address": "/etc/passwd"},
        {"name": "X", "driver": "escpos_serial", "address": "/dev/ttyUSB0:12"},
        {"name": "X", "driver": "escpos_serial", "address": "/dev/ttyUSB0:" + "9" * 5000},
        {"name": "X", "driver": "escpos_usb", "address": "/dev/sda"},
        {"name": "X", "driver": "memory", "address": "a"}, {"name": "X", "driver": "pdf_file", "address": "/etc"},
    ):  # fmt: skip
        answer = pages.post("/settings/printers", **form)
        assert answer.status_code == 422, form
        assert 'role="alert"' in answer.text and f'value="{form["address"]}"' in answer.text
    assert pages.db.read(pages.house.merchant_id, list_printers) == []


def test_without_a_port_it_is_9100_and_pdfs_have_a_folder(pages: Pages, tmp_path: Path) -> None:
    pages.post("/settings/printers", name="A", driver="escpos_network", address="127.0.0.1")
    pages.post("/settings/printers", name="B", driver="pdf_file", address="kitchen")
    pages.post("/settings/printers", name="C", driver="pdf_file", address="")
    page = text_of(pages.get("/settings/printers"))
    assert "127.0.0.1:9100" in page and "kitchen" in page
    assert (tmp_path / "papers" / "kitchen").is_dir()


def test_a_printer_that_speaks_ipp_has_a_path(pages: Pages) -> None:
    for address in ("127.0.0.1", "ipp://127.0.0.1:8631/ipp/label", "127.0.0.1/print"):
        pages.post("/settings/printers", name="A", driver="ipp", address=address)
    devices = pages.db.read(pages.house.merchant_id, list_printers)
    places = [read_options(device) for device in devices]
    assert [(place.port, place.path) for place in places] == [
        (631, "/ipp/print"), (8631, "/ipp/label"), (631, "/print"),
    ]  # fmt: skip
    wrong = pages.post("/settings/printers", name="A", driver="ipp", address="8.8.8.8")
    assert wrong.status_code == 422
    assert "printer_networks" in text_of(wrong)


def test_a_printer_with_work_stays(pages: Pages) -> None:
    printer_id, order = pages.printer(), pages.take(make_draft())
    pages.post(f"/terminals/{printer_id}/prints", order=str(order.id))
    assert pages.post(f"/settings/printers/{printer_id}/removal").status_code == 422
    assert only(pages) == printer_id
    assert free_port() > 0


def test_what_is_wrong_with_a_printer_is_said_in_chinese(pages: Pages) -> None:
    for form, said in (
        (
            {"name": "X", "driver": "escpos_network", "address": "127.0.0.1:99999"},
            "端口为 1 到 65535 的数字",
        ),
        ({"name": "X", "driver": "escpos_network", "address": "no such host!"}, "地址应为主机名或 IP 地址"),
        ({"name": "X", "driver": "escpos_serial", "address": "/etc"}, "串口如 /dev/ttyUSB0"),
        ({"name": "X", "driver": "escpos_usb", "address": "/etc"}, "设备写作 /dev/usb/lp0"),
        ({"name": "X", "driver": "pdf_file", "address": "/etc"}, "文件夹应为不超过 60 个字符的普通名称"),
        ({"name": "X" * 61, "driver": "pdf_file", "address": ""}, "名称最多 60 个字符"),
    ):
        assert said in text_of(pages.post("/settings/printers?locale=zh_CN", **form)), form


def test_why_a_folder_takes_no_file_is_said() -> None:
    for reason in ("folder_outside", "folder_missing", "folder_locked"):
        assert show_reason(reason, Words("en")) != reason


def test_wired_printers_are_set_up_by_their_device(pages: Pages) -> None:
    pages.post("/settings/printers", name="S", driver="escpos_serial", address="/dev/ttyUSB7:115200")
    pages.post("/settings/printers", name="U", driver="escpos_usb", address="/dev/usb/lp7")
    page = pages.get("/settings/printers").text
    assert "/dev/ttyUSB7:115200" in page
    assert "/dev/usb/lp7" in page
    assert page.count("There is no such device") + page.count("没有该设备") == 2


def test_a_printer_that_comes_gets_an_address_that_is_shown_once(pages: Pages) -> None:
    at = pages.post("/settings/printers", name="Star", driver="cloudprnt", address="").headers["location"]
    assert at == f"/settings/printers/{only(pages)}/address"
    assert "/cloudprnt/" not in text_of(pages.get(at))
    shown = re.findall(r"/cloudprnt/([\w.-]+)", text_of(pages.post(at)))
    assert len(set(shown)) == 1
    assert pages.client.post(f"/cloudprnt/{shown[0]}", json={"statusCode": "200%20OK"}).json() == {
        "jobReady": False
    }
    assert shown[0] not in text_of(pages.get(at)) and "New address" in text_of(
        pages.get(at, **{"accept-language": "en"})
    )
    assert "Ready" in text_of(pages.get("/settings/printers")) and at in text_of(
        pages.get("/settings/printers")
    )
    said = pages.post(f"/settings/printers/{only(pages)}/test").headers["location"]
    assert (
        said.endswith("said=taken")
        and pages.client.post(f"/cloudprnt/{shown[0]}", json={"statusCode": "200"}).json()["jobReady"]
    )
    assert pages.get(at, role="clerk").status_code == 403


def test_a_printer_of_a_cloud_is_offered_once_it_is_opened_and_its_key_is_never_shown(pages: Pages) -> None:
    form = {
        "name": "云",
        "driver": "feie",
        "address": "",
        "cloud_account": USER,
        "cloud_key": UKEY,
        "cloud_number": SN,
    }
    assert "cloud_key" not in text_of(pages.get("/settings/printers"))
    assert "printer_clouds" in text_of(pages.post("/settings/printers", **form, data_leaves_site="1"))
    peer = FeieCloud()
    open_clouds({"feie": peer.url}, read_networks("127.0.0.0/8"))
    try:
        page = text_of(pages.get("/settings/printers"))
        assert "cloud_key" in page and "leaves the site" in page
        refused = pages.post("/settings/printers", **form)
        assert refused.status_code == 422 and UKEY not in refused.text and f'value="{SN}"' in refused.text
        assert (
            pages.post("/settings/printers", **form, data_leaves_site="1")
            .headers["location"]
            .endswith("said=added")
        )
        shown = text_of(pages.get("/settings/printers")) + pages.ask("GET", "/terminals").text
        assert SN in shown and "Ready" in shown and UKEY not in shown
        assert pages.post(f"/settings/printers/{only(pages)}/test").headers["location"].endswith("said=taken")
        assert len(peer.papers) == 1
    finally:
        peer.close()
        open_clouds({})
