"""Plug-ins found by folder scan: see the singular file beside this folder."""
