"""The proof that names can't be told apart, small; what tells them apart is seen."""

import json
import random

import httpx
import pytest

from tests.proofs import enumeration


def test_names_small_and_each_planted_fault_is_seen() -> None:
    found = enumeration.main(["--engine", "sqlite", "--names", "120", "--seed", "7"])
    assert found["planted_fault_found"] and found["bodies_equal"], found
    # A hash takes some 30 ms; on a machine that does other things too, 120 names don't give the median to 5 ms.
    assert found["median_gap_ms"] < 15, found
    statuses = found["engines"]["sqlite"]["statuses"]
    assert statuses == {"name_page": [200], "password_answer": [401], "passkey_options": [200]}


def answer_of(ids: list[str], **changes: object) -> httpx.Response:
    body = {
        "challenge": "AA",
        "allowCredentials": [{"type": "public-key", "id": one} for one in ids],
        **changes,
    }
    return httpx.Response(200, json=body)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (answer_of(["CCCC", "DD"], challenge="BB"), True),
        (answer_of(["A"]), False),
        (answer_of([]), False),
        (answer_of(["A", "B"], timeout=7), False),
        (httpx.Response(200, json={"allowCredentials": [{"id": "A"}, {"id": "B"}], "challenge": ""}), False),
    ],
)
def test_options_have_one_shape_whatever_ids_they_hold(other: httpx.Response, *, same: bool) -> None:
    assert (enumeration.shape(answer_of(["A", "B"]), "li") == enumeration.shape(other, "li")) is same


def test_pages_are_the_same_but_for_the_name() -> None:
    pages = [httpx.Response(200, html=f"<b>{name}</b>") for name in ("op-1", "op-2", "op-33")]
    shapes = [
        enumeration.shape(page, name) for page, name in zip(pages, ("op-1", "op-2", "op-33"), strict=True)
    ]
    assert shapes[0] == shapes[1] and "op-1" not in shapes[0]
    assert json.loads(shapes[2])[2] == json.loads(shapes[0])[2] and shapes[2] != shapes[0]


def test_a_coin_and_a_clock_are_told() -> None:
    dice = random.Random(1)
    one, other = [dice.gauss(30, 2) for _ in range(400)], [dice.gauss(30, 2) for _ in range(400)]
    assert enumeration.told_apart(one, other) < 0.56
    assert enumeration.told_apart(one, [ms + 9 for ms in other]) > 0.98
