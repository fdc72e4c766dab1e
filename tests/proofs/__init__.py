"""Proofs: promises kept many times against the running product, which is first broken on purpose."""
