"""What a printer is known again by: maker, model and serial number as it tells them, and its network card's address (MAC).

All of it is hostile until parsed, and none of it is proof: whoever stands in the shop's network can forge each of them.
Source: proc(5) (/proc/net/arp), Linux sysfs (idVendor, serial), IEEE 802 (group bit of a MAC).
"""

import ipaddress
import os
import re
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.text import strip_control
from tocsin.tickets.printer import Printer
from tocsin.tickets.reach import addresses_near

NEIGHBOURS, SYSTEM = Path("/proc/net/arp"), Path("/sys")
_MOST_CHARACTERS, _MOST_BYTES = 80, 1 << 18
_COMPLETE, _ETHERNET = 0x2, 0x1
_MAC = re.compile(r"[0-9a-f][02468ace](:[0-9a-f]{2}){5}", re.ASCII)
_UP = "0123456789" * 9
Evidence = Literal["serial", "mac", "model", ""]


class Identity(Struct, frozen=True, kw_only=True):
    """What a printer is known again by; empty is what nobody tells."""

    maker: str = ""
    model: str = ""
    serial: str = ""
    mac: str = ""

    def tells(self) -> bool:
        """Tell whether another printer could be told from it."""
        return bool(self.serial or self.mac)


@runtime_checkable
class Tells(Protocol):
    """A kind of printer that can be asked what it is."""

    def identify(self, options: Any) -> Identity:
        """Return what a printer that just answered says that it is; prints nothing, and is empty where it does not say."""
        ...


def can_be_known(plugin: Printer) -> bool:
    """Tell whether anything could be known of printers of a kind."""
    return isinstance(plugin, Tells) or "host" in plugin.options.__struct_fields__


def identify(plugin: Printer, options: Any, *, ask: bool = True) -> Identity:
    """Return what a printer is; without `ask` only what this machine knows of it."""
    told = plugin.identify(options) if ask and isinstance(plugin, Tells) else Identity()
    host = getattr(options, "host", "")
    return sound(replace(told, mac=_mac_of(host, getattr(options, "port", 0)) if host else ""))


def sound(told: Identity) -> Identity:
    """Return what was told, clean and cut; a number that a maker gave to none or to all of his printers is none."""
    serial = _plain(told.serial)
    marks = serial.strip("-:. ")
    return Identity(
        maker=_plain(told.maker), model=_plain(told.model), serial="" if len(set(marks)) <= 1 or marks in _UP or marks in _UP[::-1] else serial,
        mac=told.mac if _MAC.fullmatch(told.mac) and told.mac != "00:00:00:00:00:00" else "",
    )  # fmt: skip


def same(known: Identity, seen: Identity) -> Evidence:
    """Return what tells that two are the same printer, the strongest first; empty where nothing does, or something denies it."""
    if known.serial and seen.serial:
        return "serial" if known.serial == seen.serial and not _denied(known, seen) else ""
    if known.mac and seen.mac:
        return "mac" if known.mac == seen.mac else ""
    return "model" if known.model and (known.maker, known.model) == (seen.maker, seen.model) else ""


def differs(known: Identity, seen: Identity) -> bool:
    """Tell whether two are surely not the same printer, as far as they can be believed."""
    both = (known.serial and seen.serial) or (known.mac and seen.mac)
    return bool(both) and not same(known, seen)


def _denied(known: Identity, seen: Identity) -> bool:
    """Tell whether another card, maker or model denies an equal serial number: makers give one to many printers."""
    pairs = ((getattr(known, name), getattr(seen, name)) for name in ("maker", "model", "mac"))
    return any(one and two and one != two for one, two in pairs)


def merge(known: Identity, seen: Identity) -> Identity:
    """Return what is known of a printer once it was seen again: what it does not say this time stays."""
    return Identity(
        **{name: getattr(seen, name) or getattr(known, name) for name in Identity.__struct_fields__}
    )


def read_neighbours() -> dict[str, str]:
    """Return the MAC of each IPv4 address that this machine has lately spoken to in its own segments."""
    try:
        with NEIGHBOURS.open("rb") as file:
            lines = file.read(_MOST_BYTES).decode("ascii", "replace").splitlines()[1:]
    except OSError:
        return {}  # not every system tells
    return dict(pair for pair in map(_read_neighbour, lines) if pair)


def usb_identity(device: str) -> Identity:
    """Return what the kernel was told by the USB device behind a device file; a converter's serial is the converter's."""
    name = Path(os.path.realpath(device)).name
    kind = "tty" if name.startswith("tty") else "usbmisc"
    at = Path(os.path.realpath(SYSTEM / "class" / kind / name / "device"))
    for folder in (at, *at.parents[:4]):
        if (folder / "idVendor").is_file():
            return Identity(
                maker=_read(folder / "manufacturer"),
                model=_read(folder / "product"),
                serial=_read(folder / "serial"),
            )
    return Identity()


def _mac_of(host: str, port: int) -> str:
    known = read_neighbours()
    return next((known[address] for address in addresses_near(host, port) if address in known), "")


def _read_neighbour(line: str) -> tuple[str, str] | None:
    match line.split():
        case [address, kind, flags, mac, _, _] if _MAC.fullmatch(mac):
            pass
        case _:
            return None
    try:
        whole = int(kind, 16) == _ETHERNET and int(flags, 16) & _COMPLETE
        return (str(ipaddress.IPv4Address(address)), mac) if whole and mac != "00:00:00:00:00:00" else None
    except ValueError:
        return None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_CHARACTERS).decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _plain(text: str) -> str:
    return strip_control(text)[:_MOST_CHARACTERS].strip()
