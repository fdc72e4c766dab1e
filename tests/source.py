"""Source as a tree, for tests that read it."""

import ast
from pathlib import Path

_TRIES = 5


def parse(text: str) -> ast.Module:
    """Return a text's tree, as `ast.parse` does.

    Source: python/cpython gh-106905. Up to 3.11.7 two threads that parse at once disturb each other (SystemError), and a
    thread that prints where a fault came from parses too.
    """
    for _ in range(_TRIES - 1):
        try:
            return ast.parse(text)
        except SystemError:
            continue
    return ast.parse(text)


def tree_of(path: Path) -> ast.Module:
    """Return a module's tree."""
    return parse(path.read_text("utf-8"))
