"""Tests mirror the tree; `desk.py` builds what they need."""

# The printers of tests are peers on this machine.
PRINTER_NETWORKS = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7, 127.0.0.0/8, ::1"
