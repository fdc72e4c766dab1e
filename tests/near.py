"""The printers of tests are peers on this machine: whoever imports this may speak to them there."""

import os

from tocsin.settings import read_networks
from tocsin.tickets.reach import declare_networks

HOST = "127.0.0.1"
PRINTER_NETWORKS = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7, 127.0.0.0/8, ::1"
declare_networks(read_networks(PRINTER_NETWORKS))


def uncounted(**more: str) -> dict[str, str]:
    """Return the environment of a process whose lines are not counted: who asks it about what people see counts them elsewhere.

    Counted, a desk takes half as long again to start and to answer. Nothing of the caller's own settings goes along.
    """
    own = {name: text for name, text in os.environ.items() if not name.startswith(("TOCSIN_", "COVERAGE_"))}
    return own | {"TOCSIN_PRINTER_NETWORKS": PRINTER_NETWORKS, "TOCSIN_DRAIN_SECONDS": "0"} | more
