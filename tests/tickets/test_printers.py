"""The printer contract, kept by every plug-in: device trouble is an answer, and the answer is never too bold."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.desk import make_line, make_order
from tests.peers.cloud_vendor import CloudVendor
from tests.peers.escpos_peer import EscposPeer
from tests.peers.feie_cloud import SN, UKEY, USER, FeieCloud
from tests.peers.ipp_printer import IppPrinterPeer
from tests.peers.tspl_peer import TsplPeer
from tests.peers.wired_printer import WiredPrinter
from tests.peers.yilianyun_cloud import CLIENT_ID, CLIENT_SECRET, MACHINE_CODE, YilianyunCloud
from tests.tickets.paper import make_content
from tocsin.core.plugins import load_plugins
from tocsin.settings import read_networks
from tocsin.tickets.cloud import open_clouds
from tocsin.tickets.content import TicketContent
from tocsin.tickets.drawing import MOST_LINES, print_paper
from tocsin.tickets.papers import keep_papers_in
from tocsin.tickets.printer import PrinterStatus, PrintOutcome
from tocsin.tickets.printer_kind import comes
from tocsin.tickets.printers.memory import PLUGIN as MEMORY

PRINTERS = load_plugins("tickets.printers")
FORGED = {
    "escpos_network": [
        {},
        {"host": ""},
        {"host": "a b"},
        {"host": "x", "port": 0},
        {"host": "x", "paper_mm": 76},
    ],
    "escpos_serial": [
        {},
        {"port": "/etc/passwd"},
        {"port": "/dev/watchdog"},
        {"port": "/dev/tty/../sda"},
        {"port": "/dev/ttyUSB0", "baud": 1},
    ],
    "escpos_usb": [{}, {"device": "/dev/sda"}, {"device": "/dev/usb/../sda"}, {"device": "lp0"}],
    "pdf_file": [
        {"folder": "/etc"},
        {"folder": "../keys"},
        {"folder": ".."},
        {"folder": "a\\b"},
        {"folder": 7},
    ],
    "tspl_usb": [{}, {"device": "/dev/sda"}, {"device": "/dev/usb/lp0", "density": 16}],
    "tspl": [{}, {"host": "a b"}, {"host": "x", "port": 0}, {"host": "x", "gap_mm": -1}],
    "ipp": [
        {},
        {"host": "a b"},
        {"host": "x", "path": "ipp"},
        {"host": "x", "path": "/a b"},
        {"host": "x", "port": 0},
    ],
    "memory": [{"tray": ""}, {"tray": 5}],
    "feie": [
        {},
        {"user": "a", "ukey": "b", "sn": "316500011"},
        {"user": "a", "ukey": "b", "sn": "316500011", "data_leaves_site": False},
        {"user": "a b", "ukey": "b", "sn": "316500011", "data_leaves_site": True},
        {"user": "a", "ukey": "b", "sn": "../1", "data_leaves_site": True},
    ],
    "yilianyun": [{}, {"client_id": "a", "client_secret": "b", "machine_code": "4004512345"}],
    "cloudprnt": [{"paper_mm": 76}, {"host": "x"}],
}


class Bench:
    """One printer of a kind with its options, how to break it, and how to count what it printed."""

    def __init__(self, name: str, folder: Path) -> None:
        self.plugin = PRINTERS[name]
        self.end: Callable[[], object] = lambda: None
        self.says = "printed"
        setup = {
            "escpos_network": self._network,
            "escpos_serial": self._serial,
            "escpos_usb": self._usb,
            "pdf_file": self._folder,
            "tspl": self._labels,
            "tspl_usb": self._labels_usb,
            "ipp": self._ipp,
            "memory": self._memory,
            "feie": self._feie,
            "yilianyun": self._yilianyun,
        }
        assert name in setup, f"the printer {name} has no bench here: add one"
        self.options: dict[str, Any] = setup[name](folder)

    def _network(self, folder: Path) -> dict[str, Any]:
        return self._peer(EscposPeer())

    def _labels(self, folder: Path) -> dict[str, Any]:
        return self._peer(TsplPeer())

    def _labels_usb(self, folder: Path) -> dict[str, Any]:
        return {"device": self._wired(folder, TsplPeer())}

    def _peer(self, peer: EscposPeer) -> dict[str, Any]:
        self.end = peer.close
        self.count = lambda: len(peer.papers())
        self.break_it = lambda: setattr(peer.switches, "online", False)
        return {"host": peer.host, "port": peer.port}

    def _wired(self, folder: Path, peer: EscposPeer | None = None) -> str:
        wired = WiredPrinter(folder, peer)
        self.end = wired.close
        self.count = lambda: len(wired.peer.papers())
        self.break_it = lambda: setattr(wired.peer.switches, "online", False)
        return wired.port

    def _serial(self, folder: Path) -> dict[str, Any]:
        return {"port": self._wired(folder)}

    def _usb(self, folder: Path) -> dict[str, Any]:
        return {"device": self._wired(folder)}

    def _ipp(self, folder: Path) -> dict[str, Any]:
        peer = IppPrinterPeer().__enter__()
        self.end = peer.close
        self.count = lambda: len(peer.papers())
        self.break_it = lambda: peer.load_paper(0)
        return {"host": peer.host, "port": peer.port}

    def _folder(self, folder: Path) -> dict[str, Any]:
        keep_papers_in(folder)
        self.count = lambda: len(list(folder.glob("*.pdf")))
        self.break_it = lambda: shutil.rmtree(folder)
        return {}

    def _feie(self, folder: Path) -> dict[str, Any]:
        self._cloud("feie", FeieCloud())
        return {"user": USER, "ukey": UKEY, "sn": SN, "data_leaves_site": True}

    def _yilianyun(self, folder: Path) -> dict[str, Any]:
        self._cloud("yilianyun", YilianyunCloud())
        return {
            "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "machine_code": MACHINE_CODE, "data_leaves_site": True
        }  # fmt: skip

    def _cloud(self, kind: str, peer: CloudVendor) -> None:
        open_clouds({kind: peer.url}, read_networks("127.0.0.0/8"))
        self.end, self.says = lambda: (peer.close(), open_clouds({})), "taken"
        self.count = lambda: len(peer.papers)
        self.break_it = lambda: setattr(peer, "offline", True)

    def _memory(self, folder: Path) -> dict[str, Any]:
        tray = str(folder)[-80:]
        self.end = lambda: MEMORY.clear(tray)
        self.count = lambda: len(MEMORY.sent[tray])
        self.break_it = lambda: MEMORY.status.update({tray: PrinterStatus(online=False, paper="out")})
        return {"tray": tray}

    def probe(self) -> PrinterStatus:
        return self.plugin.probe(msgspec.convert(self.options, self.plugin.options))

    def send(self, content: TicketContent) -> PrintOutcome:
        return print_paper(self.plugin, msgspec.convert(self.options, self.plugin.options), content)


COMING = sorted(name for name in PRINTERS if comes(name))


@pytest.fixture(params=sorted(PRINTERS.keys() - COMING))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    folder = tmp_path / "papers"
    folder.mkdir()
    bench = Bench(request.param, folder)
    yield bench
    bench.end()


@pytest.mark.parametrize("name", COMING)
def test_a_printer_that_comes_is_sent_nothing(name: str):
    """What it does is tried at its door: `tests/api/test_cloudprnt.py`."""
    plugin = PRINTERS[name]
    assert plugin.probe(plugin.options()).detail == "silent"
    outcome = print_paper(plugin, plugin.options(), make_content())
    assert (outcome.result, outcome.bytes_left) == ("failed", False)


@pytest.mark.parametrize("name", PRINTERS)
def test_a_printer_is_named_as_its_module_and_describes_its_options(name: str):
    plugin = PRINTERS[name]
    assert PRINTERS[plugin.name] is plugin
    assert plugin.name == name
    assert isinstance(plugin.confirms, bool)
    schema = json.dumps(msgspec.json.schema(plugin.options))
    assert plugin.options.__name__ in schema
    assert plugin.options.__doc__


@pytest.mark.parametrize(("name", "options"), [(name, bad) for name, rows in FORGED.items() for bad in rows])
def test_options_that_make_no_sense_are_refused(name: str, options: dict[str, Any]):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(options, PRINTERS[name].options)


def test_a_ready_printer_prints_once_and_says_so(bench: Bench):
    assert bench.probe().online
    assert bench.count() == 0
    outcome = bench.send(make_content())
    assert (outcome.result, outcome.reason) == (bench.says, "")
    assert outcome.bytes_left
    assert not outcome.permanent
    assert outcome.status_before is not None
    assert outcome.status_before.online
    assert bench.count() == 1


def test_a_broken_printer_fails_before_a_byte_leaves(bench: Bench):
    bench.break_it()
    assert not bench.probe().online
    outcome = bench.send(make_content())
    assert outcome.result == "failed"
    assert outcome.reason
    assert not outcome.bytes_left
    assert bench.count() == 0


def test_an_endless_paper_is_refused_for_good(bench: Bench):
    order = make_order(lines=tuple(make_line(f"商品 {n}") for n in range(MOST_LINES + 1)))
    outcome = bench.send(make_content(order))
    assert (outcome.result, outcome.reason, outcome.permanent) == ("failed", "too_long", True)
    assert not outcome.bytes_left
    assert bench.count() == 0


def test_an_outcome_is_data(bench: Bench):
    outcome = bench.send(make_content())
    assert msgspec.json.decode(msgspec.json.encode(outcome), type=PrintOutcome) == outcome


@pytest.mark.parametrize("result", ["failed", "unknown", "printed"])
def test_memory_answers_what_it_is_told(result: Any):
    tray = f"scripted {result}"
    options = MEMORY.options(tray=tray)
    MEMORY.script[tray].append(PrintOutcome(result=result, reason="told"))
    assert print_paper(MEMORY, options, make_content()).reason == "told"
    assert len(MEMORY.sent[tray]) == (0 if result == "failed" else 1)
    assert print_paper(MEMORY, options, make_content()).result == "printed"
    MEMORY.clear(tray)
    assert tray not in MEMORY.sent
