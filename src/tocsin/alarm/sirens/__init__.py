"""Drivers of sirens, a file each; the contract is `alarm/siren`."""
