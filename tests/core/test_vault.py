"""Sealed data opens with its own key in its own place only."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.db import Database
from tocsin.core.tenant import create_merchant, create_shop
from tocsin.core.vault import KeyFileWrong, MerchantKeys, SealBroken, Vault, open_vault, seal, unseal

KEY = b"k" * 32


@given(st.binary(max_size=200), st.binary(max_size=20))
def test_what_was_sealed_opens_again_and_hides_its_text(plain: bytes, context: bytes) -> None:
    sealed = seal(KEY, plain, bound_to=context)
    assert unseal(KEY, sealed, bound_to=context) == plain
    assert len(plain) < 8 or plain not in sealed
    assert sealed != seal(KEY, plain, bound_to=context)


@given(st.integers(0, 40), st.integers(1, 255))
def test_changed_data_does_not_open(place: int, flip: int) -> None:
    sealed = bytearray(seal(KEY, b"0123456789ab", bound_to=b"a"))
    sealed[place % len(sealed)] ^= flip
    with pytest.raises(SealBroken):
        unseal(KEY, bytes(sealed), bound_to=b"a")


@pytest.mark.parametrize(("key", "context"), [(b"x" * 32, b"a"), (KEY, b"b")])
def test_another_key_or_place_does_not_open(key: bytes, context: bytes) -> None:
    with pytest.raises(SealBroken):
        unseal(key, seal(KEY, b"plain", bound_to=b"a"), bound_to=context)
    with pytest.raises(SealBroken):
        unseal(KEY, b"short", bound_to=b"a")


def test_digests_tell_equal_texts_of_one_purpose_and_merchant() -> None:
    keys, others = MerchantKeys(b"1" * 32), MerchantKeys(b"2" * 32)
    digest = keys.digest("phone", "13812345678")
    assert digest == keys.digest("phone", "13812345678") and len(digest) == 20
    assert digest not in (keys.digest("name", "13812345678"), keys.digest("phone", "13812345679"))
    assert digest != others.digest("phone", "13812345678")
    assert keys.digest("phone", "\ud800")


def test_a_merchants_key_is_made_once_and_opens_after_a_restart(db: Database) -> None:
    merchant_id = db.write(0, lambda tx: create_merchant(tx, name="A"))
    with pytest.raises(SealBroken):
        db.read(merchant_id, lambda tx: tx.vault.keys(tx))
    for code in ("A", "B"):
        db.write(merchant_id, lambda tx, code=code: create_shop(tx, code=code, name="店", zone="UTC"))
    before = db.read(merchant_id, lambda tx: tx.vault.keys(tx)).digest("a", "b")
    installation_key = db.vault._key
    db.vault = Vault(installation_key)
    assert db.read(merchant_id, lambda tx: tx.vault.keys(tx)).digest("a", "b") == before
    db.vault = Vault(b"z" * 32)
    with pytest.raises(SealBroken):
        db.read(merchant_id, lambda tx: tx.vault.keys(tx))


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "installation.key"
    first, second = open_vault(path), open_vault(path)
    assert first._key == second._key == path.read_bytes() and len(first._key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(("content", "mode"), [(b"short", 0o600), (b"k" * 32, 0o644), (b"k" * 32, 0o640)])
def test_a_wrong_key_file_is_refused(tmp_path: Path, content: bytes, mode: int) -> None:
    path = tmp_path / "installation.key"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(KeyFileWrong, match=r"installation\.key"):
        open_vault(path)
