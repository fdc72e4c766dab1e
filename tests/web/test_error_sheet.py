"""The sheet of an import's errors holds each of them, however many there are."""

from tests.web.pages import Pages
from tocsin.core.journal import read_journal
from tocsin.orders.importer import BadRow
from tocsin.orders.quarantine import quarantine_rows


def test_a_sheet_of_errors_is_whole_however_many_there_are(pages: Pages) -> None:
    actor, many = pages.house.actor(), 5_300
    bad = [
        BadRow(row=n + 2, field="quantity", code="x", reason="it is no number", data={}, raw=f"A{n},李慧,两")
        for n in range(many)
    ]
    pages.db.write(pages.house.merchant_id, lambda tx: quarantine_rows(tx, batch_id=7, rows=bad))
    lines = pages.get("/imports/7/errors.csv").text.splitlines()
    assert len(lines) == many + 1 and '"2"' in lines[1] and lines[-1].startswith(f'"{many + 1}"')
    journal = pages.db.read(actor.merchant_id, read_journal)
    assert [one.fields()["real"] for one in journal if one.verb == "orders.error_sheet"] == [True]
