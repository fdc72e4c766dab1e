"""Control bytes, bidi marks and printers' commands in every field: none reaches a printer outside our own commands."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import fields, replace

from tests.desk import RECEIVER, make_line, make_order
from tests.peers.escpos_peer import EscposPeer, Job
from tests.peers.ipp_printer import IppPrinterPeer
from tests.peers.tspl_peer import TsplPeer
from tests.peers.wired_printer import WiredPrinter
from tests.tickets.paper import SERIAL, make_content, words_of
from tocsin.core.plugins import load_plugins
from tocsin.orders.draft import Order
from tocsin.tickets.content import TicketContent, canonical_json
from tocsin.tickets.device import printer_plugin
from tocsin.tickets.drawing import print_paper
from tocsin.tickets.papers import keep_papers_in
from tocsin.tickets.printer_kind import comes

CONTROL = [chr(code) for code in (*range(32), 127, *range(128, 160))]
BIDI = list("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
COMMANDS = [
    "\x1b@", "\x1dV\x00", "\x10\x04\x01", "\x10\x14\x01\x00\x01", "\x1bp\x00\x19\xfa", "\x1d(A\x02\x00\x00\x02", "\x1c.",
    "\x1b!?", "\x1b!R", "\x1b!C", "~!T", "\r\nPRINT 99,1\r\n", '\r\nKILL "*.*"\r\n', "\r\nSELFTEST\r\n", "\r\nBITMAP 0,0,1,1,0,\x00\r\n",
]  # fmt: skip
ESCPOS_WHOLE = ["init", "asb", "raster", "feed", "cut", "gs_r"]
TSPL_WHOLE = ["SIZE", "GAP", "DIRECTION", "REFERENCE", "DENSITY", "CLS", "BITMAP", "PRINT"]


def hostile_order(text: str) -> Order:
    """Return an order with such a text in every field that takes one."""
    line = make_line()
    line = replace(line, **{name: f"茶{text}叶" for name in _texts(line) if name != "sku"})
    receiver = replace(RECEIVER, **dict.fromkeys(_texts(RECEIVER), f"王{text}明"))
    order = make_order(lines=(line, line), receiver=receiver)
    coded = {
        "currency",
        "payment",
        "payment_method",
        "fulfilment",
        "desk_state",
        "delivery",
        "group_state",
        "content_hash",
    }
    return replace(order, **{name: f"A{text}1" for name in _texts(order) if name not in coded})


def _texts(shape: Any) -> list[str]:
    return [each.name for each in fields(shape) if isinstance(getattr(shape, each.name), str)]


def hostile_content(text: str) -> TicketContent:
    """Return what a paper of such an order says; the shop's name and the pickup point are hostile too."""
    return make_content(hostile_order(text), shop_name=f"店{text}铺")


def strings_of(value: Any) -> Iterator[str]:
    """Yield every text of a paper."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings_of(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from strings_of(each)


@pytest.mark.parametrize(
    "texts", [CONTROL, BIDI, COMMANDS], ids=["65 control bytes", "bidi marks", "commands"]
)
def test_no_text_of_a_paper_keeps_one(texts: list[str]):
    assert len(CONTROL) == 65
    left = {
        (text, said)
        for text in texts
        for said in strings_of(msgspec.json.decode(canonical_json(hostile_content(text))))
        if any(c in said for c in [*CONTROL, *BIDI])
    }
    assert not left


class Wire:
    """A printer of each kind, and what reached it."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        folder.mkdir()
        on_wire = kind in ("escpos_serial", "escpos_usb", "tspl_usb")
        wired = WiredPrinter(folder, TsplPeer() if kind == "tspl_usb" else None) if on_wire else None
        peers = {"tspl": TsplPeer, "ipp": IppPrinterPeer, "escpos_network": EscposPeer}
        self.peer: Any = wired.peer if wired else peers[kind]() if kind in peers else None
        self._end = wired.close if wired else self.peer.close if self.peer else lambda: None
        keep_papers_in(folder)
        where = {"host": getattr(self.peer, "host", ""), "port": getattr(self.peer, "port", 0)}
        self.options: dict[str, Any] = {
            "escpos_serial": {"port": wired.port if wired else ""},
            "tspl_usb": {"device": wired.port if wired else ""},
            "escpos_usb": {"device": wired.port if wired else ""},
            "pdf_file": {},
        }.get(kind, where)

    def print(self, content: TicketContent) -> None:
        """Print one paper."""
        if self.kind == "ipp":
            self.peer.__enter__()
        try:
            plugin = printer_plugin(self.kind)
            outcome = print_paper(plugin, msgspec.convert(self.options, plugin.options), content)
            assert outcome.result == "printed"
            self.pages = [
                path.read_bytes()
                for path in (self.peer.papers() if self.kind == "ipp" else self.folder.glob("*.pdf"))
            ]
            self.names = [path.name for path in self.peer.papers()] if self.kind == "ipp" else []
        finally:
            self._end()

    def jobs(self) -> list[Job]:
        """Return what a printer of dots was told."""
        return self.peer.jobs if isinstance(self.peer, EscposPeer) else []


SENDING = ["escpos_network", "escpos_serial", "escpos_usb", "ipp", "pdf_file", "tspl", "tspl_usb"]


def test_each_printer_of_dots_or_pages_is_listened_to_here():
    plugins = load_plugins("tickets.printers").values()
    sent = {each.name for each in plugins if each.form in ("raster", "pdf") and not comes(each.name)}
    assert sent <= set(SENDING), "add its wire"


@pytest.mark.parametrize("kind", SENDING)
def test_only_our_own_commands_reach_a_printer(kind: str, tmp_path: Path):
    content = hostile_content("".join([*CONTROL, *BIDI, *COMMANDS]))
    wire = Wire(kind, tmp_path / "wire")
    wire.print(content)
    whole = TSPL_WHOLE if kind.startswith("tspl") else ESCPOS_WHOLE
    for job in wire.jobs():
        told = [name for name, _ in job.ops if name]
        assert [name for place, name in enumerate(told) if told[place - 1 : place] != [name]] == whole
        assert set(job.realtime) <= ({ord("?")} if kind.startswith("tspl") else {1, 2, 3, 4})
    for page in wire.pages:
        said = words_of(page).replace("\n", "")
        assert "茶" in said
        assert not [c for c in [*CONTROL, *BIDI] if c in said]
    assert len(wire.jobs()) + len(wire.pages) == 1
    assert wire.names == ([f"1-{SERIAL}.pdf"] if kind == "ipp" else [])
