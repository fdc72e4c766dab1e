"""The growth of costs is measured small in every test run: the copies are whole, and what is found is right."""

import json
from functools import partial

import pytest

from tests.bench import growth
from tests.bench.growth_fill import Growing
from tocsin.orders.query import look_up_order, search_orders


@pytest.mark.parametrize("engine", growth.ENGINES)
def test_costs_are_told_at_each_size_and_each_copy_is_found_by_its_own_texts(
    engine: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, at = list[tuple[int, int, int]](), growth._at

    def look(growing: Growing, *given: object, **more: object) -> object:
        made = at(growing, *given, **more)  # type: ignore[arg-type]
        db, house = growing.product.db, growing.product.house
        oldest, find = growing.product.numbers[0], partial(search_orders, db, house.actor(), door="t")
        copy = look_up_order(db, house.actor(), number=f"000001{oldest}", door="t")
        found.append((len(copy.lines), len(find(text=oldest).rows), len(find(text="SKU-001").rows)))
        return made

    monkeypatch.setattr(growth, "_at", look)
    growth.main(
        f"--sizes 60,120 --big --big-size 400 --base 20 --repeats 4 --rounds 1 --engine {engine} --json".split()
    )
    report = json.loads(capsys.readouterr().out)
    told = report["engines"][engine]
    assert [one["orders"] for one in told["sizes"]] == [60, 120, 400] and report["sizes"] == [60, 120, 400]
    assert all(
        one["cpu_ms"] > 0 and one["p50_ms"] > 0
        for at_size in told["sizes"]
        for one in at_size["works"].values()
    )
    assert told["growth"].keys() == told["sizes"][0]["works"].keys()
    # A number is one order's at any size; what stands in many is found in copies too, where the desk took in twenty.
    assert [lines for lines, _, _ in found] == [5, 5, 5] and [one for _, one, _ in found] == [1, 1, 1]
    assert [many for _, _, many in found] == sorted(many for _, _, many in found) and found[-1][2] > 40
