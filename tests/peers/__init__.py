"""Peers: real servers that stand for the devices on the other end of a wire."""
