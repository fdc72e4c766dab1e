"""Tests of HTTPS on a host name."""
