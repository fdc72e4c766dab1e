"""Refusals: a kind, a stable code, and a message that never fails."""

import string

from tocsin.core.errors import Refusal, every_refusal
from tocsin.core.tenant import ShopMissing
from tocsin.migrations.tables import all_tables


def test_a_message_is_its_docstring_over_the_data() -> None:
    refused = ShopMissing(shop="B")
    assert refused.message() == "There is no shop “B”: use the code of one of the merchant's shops"
    assert refused.message("没有店铺“{shop}”{what}") == "没有店铺“B”?"
    assert str(refused) == refused.message() and refused.data == {"shop": "B"}


def test_every_refusal_has_a_kind_a_code_of_its_own_and_a_message_with_named_fields() -> None:
    all_tables()
    found = every_refusal()
    assert len({cls.code for cls in found}) == len(found) > 10
    for cls in found:
        assert cls.kind in {"missing", "refused", "conflict", "locked", "invalid", "broken"}
        assert cls.code == cls.code.lower() and " " not in cls.code
        assert all(
            name is None or name.isidentifier() for _, name, _, _ in string.Formatter().parse(cls.template())
        )


def test_a_refusal_without_a_docstring_says_its_code() -> None:
    bare = type("Bare", (Refusal,), {"code": "bare"})
    bare.__doc__ = None
    assert bare.template() == "bare"
