"""Plug-ins: how each platform calls the desk."""
