"""The JSON API: the same verbs for programs."""
