"""The desk measured beside the raw engine doing the same logical work, in one run."""
