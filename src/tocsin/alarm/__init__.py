"""Boxes 8 and 9: the alarm, siren and strobe."""
