"""What a printer is known again by: as ESC/POS, IPP, the kernel and the neighbour table tell it; hostile until parsed."""

import itertools
import time
from pathlib import Path

import pytest

from tests.peers.escpos_peer import EscposPeer
from tests.peers.ipp_printer import IppPrinterPeer
from tocsin.core.plugins import load_plugins
from tocsin.tickets import escpos, identity
from tocsin.tickets.identity import Identity, differs, identify, read_neighbours, same, sound, usb_identity
from tocsin.tickets.ipp import IppAnswer, read_identity

PRINTERS = load_plugins("tickets.printers")
MAC = "00:11:62:0a:1b:2c"
HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n"


def neighbour(address: str, mac: str = MAC, *, kind: str = "0x1", flags: str = "0x2") -> str:
    return f"{address:<16} {kind}         {flags}         {mac}     *        eth0\n"


def tell_neighbours(folder: Path, monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """Let this machine have these neighbours."""
    (folder / "arp").write_text(HEAD + "".join(lines))
    monkeypatch.setattr(identity, "NEIGHBOURS", folder / "arp")


def ask(peer: EscposPeer) -> Identity:
    plugin = PRINTERS["escpos_network"]
    return identify(plugin, plugin.options(host=peer.host, port=peer.port, connect_timeout_seconds=0.5))


def test_a_receipt_printer_says_who_it_is_and_prints_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EscposPeer() as peer:
        tell_neighbours(tmp_path, monkeypatch, neighbour(peer.host))
        told = Identity(maker="TOCSIN", model="Peer-80", serial=f"T{peer.port}", mac=MAC)
        assert ask(peer) == told
        who = peer.switches.who
        for says, serial in (
            (b"\xff\x1b@ A-1 \xe2\x80\xae", "@ A-1"), (b"0000000000", ""), (b"0123456789", ""), (b" 123456789012", ""), (b"-98765432", ""), (b"", ""), (b"x" * 300 + b"7", "x" * 0),
        ):  # fmt: skip
            who[68] = says
            found = ask(peer).serial
            assert found.isprintable() and len(found) <= 80 and (serial in found if serial else not found), (
                says
            )
        who.clear()
        monkeypatch.setattr(escpos, "_WHAT_SECONDS", 0.3)
        began = time.monotonic()
        assert ask(peer) == Identity(mac=MAC)
        assert time.monotonic() - began < 0.6, "one short wait, not one for each question"
        assert [name for name, _ in peer.jobs[-1].ops].count("gs_i") == 1
        peer.switches.mute = True
        assert ask(peer) == Identity(mac=MAC)
        assert not peer.jobs[-1].ops, "what does not answer DLE EOT is asked nothing in this language"
        assert not peer.papers()
    assert ask(peer) == Identity(mac=MAC)


def test_an_office_printer_tells_its_serial_or_its_uuid() -> None:
    plugin = PRINTERS["ipp"]
    with IppPrinterPeer() as peer:
        here, again = (
            identify(plugin, plugin.options(host=host, port=peer.port)) for host in (peer.host, "localhost")
        )
        assert here.serial.startswith("urn:uuid:") and here == again and here.model
    for device, serial in (
        ("MFG:Star;MDL:TSP650;SN:2610017;CLS:PRINTER;", "2610017"), ("mfg:Star; sern: 77x ;", "77x"),
        ("SN:", "urn:uuid:1"), (";;;:::", "urn:uuid:1"), ("", "urn:uuid:1"),
    ):  # fmt: skip
        answer = IppAnswer(0, {"printer-device-id": [device], "printer-uuid": ["urn:uuid:1"]})
        assert read_identity(answer).serial == serial
    assert read_identity(IppAnswer(0, {"printer-uuid": [7], "printer-device-id": []})) == Identity()


def test_the_neighbour_table_is_read_strictly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forged = (
        neighbour("192.168.1.9", flags="0x0"), neighbour("192.168.1.9", kind="0x20"), neighbour("192.168.1.9", "00:00:00:00:00:00"),
        neighbour("192.168.1.9", "01:00:5e:00:00:01"), neighbour("192.168.1.9", "ff:ff:ff:ff:ff:ff"), neighbour("192.168.1.9", MAC[:-1]),
        neighbour("192.168.1.999"), neighbour("fe80::1"), neighbour("x", kind="no"), "192.168.1.9\n", "\n", "\x00" * 90 + "\n",
        neighbour("192.168.1.9").strip() + " more\n",
    )  # fmt: skip
    tell_neighbours(tmp_path, monkeypatch, neighbour("192.168.1.50"), *forged)
    assert read_neighbours() == {"192.168.1.50": MAC}
    monkeypatch.setattr(identity, "NEIGHBOURS", tmp_path / "none")
    assert read_neighbours() == {}


def test_the_kernel_tells_of_usb_printers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "devices/usb1/1-2"
    for kind, inside in (("usbmisc/lp0", "1-2:1.0"), ("tty/ttyUSB0", "1-2:1.1/ttyUSB0")):
        (device / inside).mkdir(parents=True)
        (tmp_path / "class" / kind).mkdir(parents=True)
        (tmp_path / "class" / kind / "device").symlink_to(device / inside)
    for name, text in (("idVendor", "0416"), ("serial", "PS58-0042\n"), ("manufacturer", "Xprinter\n"), ("product", "58"))\
            :  # fmt: skip
        (device / name).write_text(text)
    monkeypatch.setattr(identity, "SYSTEM", tmp_path)
    told = Identity(maker="Xprinter", model="58", serial="PS58-0042")
    assert usb_identity("/dev/usb/lp0") == usb_identity("/dev/ttyUSB0") == told
    assert identify(PRINTERS["escpos_usb"], PRINTERS["escpos_usb"].options(device="/dev/usb/lp0")) == told
    assert usb_identity("/dev/usb/lp1") == usb_identity("/dev/../etc/passwd") == Identity()


def test_two_are_the_same_by_the_strongest_that_both_tell() -> None:
    full = Identity(maker="A", model="M", serial="S1", mac=MAC)
    rows = (
        (full, full, "serial", False),
        (full, Identity(serial="S1"), "serial", False),
        (full, Identity(serial="S1", mac="00:11:62:00:00:01"), "", True),  # makers give one number to many
        (full, Identity(maker="A", model="N", serial="S1", mac=MAC), "", True),
        (full, Identity(maker="A", model="M", serial="S2", mac=MAC), "", True),  # a MAC is easily forged
        (full, Identity(mac=MAC), "mac", False),
        (full, Identity(maker="A", model="M", mac="00:11:62:00:00:01"), "", True),
        (full, Identity(maker="A", model="M"), "model", False),
        (full, Identity(maker="B", model="M"), "", False),
        (full, Identity(), "", False),
        (Identity(), full, "", False),
        (Identity(model="M"), Identity(model="M", serial="S1"), "model", False),
    )
    for known, seen, evidence, other in rows:
        assert (same(known, seen), differs(known, seen)) == (evidence, other), (known, seen)
    for one, two in itertools.product([row[1] for row in rows], repeat=2):
        assert not (same(one, two) and differs(one, two))
    assert sound(Identity(mac="AA:BB", serial="\x1b\x07", model="x" * 200)) == Identity(model="x" * 80)
