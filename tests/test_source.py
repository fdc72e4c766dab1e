"""Two threads that parse at once disturb each other in older Pythons: it is parsed again."""

import ast

import pytest

from tests import source


def test_what_another_thread_disturbed_is_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    faults, parsed = [SystemError("recursion depth mismatch")] * 3, ast.parse

    def disturbed(text: str) -> ast.Module:
        if faults:
            raise faults.pop()
        return parsed(text)

    monkeypatch.setattr(ast, "parse", disturbed)
    assert ast.unparse(source.parse("a = 1")) == "a = 1" and not faults
    faults += [SystemError("recursion depth mismatch")] * 9
    with pytest.raises(SystemError):
        source.parse("a = 1")


def test_what_is_no_source_is_told_at_once() -> None:
    with pytest.raises(SyntaxError):
        source.parse("a =")
