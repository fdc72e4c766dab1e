"""Box 6: which passwords are refused, and what is stored of them."""

import time
import unicodedata

import pytest

from tests.access.people import PASSWORD
from tocsin.access.guessable import common_passwords
from tocsin.access.password import (
    DECOY_HASH,
    PasswordCommon,
    PasswordLong,
    PasswordNamed,
    PasswordShort,
    hash_new_password,
    hash_password,
    require_strong,
    verify_password,
)


def test_the_hash_is_argon2id_with_19_mib_and_two_passes_and_the_decoy_costs_the_same() -> None:
    hashed = hash_password(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert DECOY_HASH.rsplit("$", 2)[0] == hashed.rsplit("$", 2)[0]
    assert len(DECOY_HASH) == len(hashed) and hash_password(PASSWORD) != hashed
    assert verify_password(PASSWORD, hashed) and not verify_password(PASSWORD + " ", hashed)
    assert not verify_password(PASSWORD, "no hash")


def test_a_password_is_the_same_however_its_accents_are_composed() -> None:
    spelt = "crème brûlée à la fenêtre"
    hashed = hash_new_password(unicodedata.normalize("NFD", spelt), names=())
    assert verify_password(unicodedata.normalize("NFC", spelt), hashed)


@pytest.mark.parametrize("length", [0, 1, 8, 14])
def test_fourteen_characters_are_too_few_whatever_they_are(length: int) -> None:
    with pytest.raises(PasswordShort, match="15"):
        require_strong("x7Gd02mLpQ4zRt"[:length])
    with pytest.raises(PasswordShort):  # 15 code points that compose to 14 characters
        require_strong("x7Gd02mLpQ4zRe\u0301")


def test_fifteen_to_256_characters_will_do() -> None:
    require_strong("x7Gd02mLpQ9zRtb")
    require_strong("梨树开花的时候我们去皖南看云彩吧")
    long = "".join(chr(0x4E00 + 37 * n % 5000) for n in range(256))
    require_strong(long)
    with pytest.raises(PasswordLong, match="256"):
        require_strong(long + "x")


def test_the_whole_list_is_refused() -> None:
    entries = common_passwords()
    assert len(entries) >= 3000
    for entry in entries:
        with pytest.raises((PasswordShort, PasswordCommon)):
            require_strong(entry)


@pytest.mark.parametrize(
    "guessed",
    [
        "123456789012345", "111111111111111", "passwordpassword", "PasswordPassword", "P@ssw0rdP@ssw0rd",
        "qwertyuiopasdfgh", "iloveyouiloveyou", "woaini1314woaini1314", "1qaz2wsx3edc4rfv", "q1w2e3r4t5y6u7i8",
        "abcdefghijklmnop", "zyxwvutsrqponmlk", "aB3$aB3$aB3$aB3$", "letmein123456789", "admin1234567890!",
        "ｐａｓｓｗｏｒｄ１２３４５６７", "梨梨梨梨梨梨梨梨梨梨梨梨梨梨梨", "梨园梨园梨园梨园梨园梨园梨园梨园", "monkeydragon12345", "!@#$%^&*()_+QWERTY",
        "987654321987654", "               ", "manchesterunited1", "5201314520131452", "contrasenacontrasena",
    ],
)  # fmt: skip
def test_what_is_guessed_first_is_refused_alone_repeated_joined_and_disguised(guessed: str) -> None:
    with pytest.raises(PasswordCommon):
        require_strong(guessed)


@pytest.mark.parametrize(
    "chosen",
    [
        PASSWORD, "purple monkey dishwasher lamp", "the wind is cold in november", "kdjf83hs92kskw1",
        "correct-horse-battery-staple-9", "839201746530192",
    ],
)  # fmt: skip
def test_unrelated_words_and_random_characters_are_taken(chosen: str) -> None:
    require_strong(chosen, names=("owner", "Li", "", "梨园果业"))


@pytest.mark.parametrize("name", ["wangxiaoming", "Wang Xiao-Ming", "WANGXIAOMING"])
def test_a_name_that_others_know_is_refused_inside(name: str) -> None:
    with pytest.raises(PasswordNamed) as refused:
        require_strong("seven wang xiao ming kettles", names=(name,))
    assert name in str(refused.value)
    with pytest.raises(PasswordNamed):
        require_strong("我在梨园果业上班已经七年多了真的", names=("梨园果业",))


def test_a_password_that_is_far_too_long_costs_no_more_than_another() -> None:
    hashed = hash_password("a" * 256)
    accents = "a" + "\u0327\u0301" * 300_000
    began = time.process_time()
    for far in (accents, "a" * 10_000_000, "a" * 1025):
        assert not verify_password(far, hashed)
        with pytest.raises(PasswordLong):
            require_strong(far)
    assert time.process_time() - began < 2
    assert verify_password("a" * 256, hashed)
    spelt = "e\u0302\u0301\u0323" * 256  # 1,024 typed, 512 composed
    with pytest.raises(PasswordLong):
        require_strong(spelt)
