"""The printers of tests are peers on this machine: whoever imports this may speak to them there."""

from tocsin.settings import read_networks
from tocsin.tickets.reach import declare_networks

HOST = "127.0.0.1"
PRINTER_NETWORKS = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7, 127.0.0.0/8, ::1"
declare_networks(read_networks(PRINTER_NETWORKS))
