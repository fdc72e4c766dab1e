"""Backups: made while the desk serves, sealed with a passphrase, restored into an empty place where nothing acts by itself."""
