"""The agent of a station, at a desk that really serves."""
