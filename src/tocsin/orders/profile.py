"""Import profiles: how one shop's sheet is to be read, kept under a name and known again by its headings."""

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import asdict, replace

from tocsin.core.actor import Actor, require
from tocsin.core.db import Tx
from tocsin.core.errors import Refusal
from tocsin.core.ident import new_id
from tocsin.core.journal import write_journal
from tocsin.core.statement import Statement, bind, insert_into, own
from tocsin.core.text import read_name
from tocsin.orders.headings import HEADINGS, field_of, plain_heading
from tocsin.orders.importer import ImporterUnknown, ImportOptions, Source, every_importer
from tocsin.orders.sheet_grouping import check_options
from tocsin.orders.sheet_reading import HEADER_WITHIN_ROWS, first_rows, peek_text
from tocsin.orders.table import import_profile

PROFILES_MOST = 200
NEEDED = "order_number"


class ProfileUnnamed(Refusal):
    """The profile has no name, or a long one: give it 1 to 80 characters"""

    kind, code = "invalid", "profile_unnamed"


class ProfileFieldUnknown(Refusal):
    """There is no field “{field}”: choose one of the list"""

    kind, code = "invalid", "profile_field_unknown"


class NumberColumnMissing(Refusal):
    """No column is the order's number: choose it, without it no sheet can be read"""

    kind, code = "invalid", "number_column_missing"


class TooManyProfiles(Refusal):
    """There are {limit} profiles already: remove one that is not used"""

    kind, code = "invalid", "too_many_profiles"


class HeadingsMissing(Refusal):
    """None of the first {rows} rows has headings: give the row in which they stand"""

    kind, code = "invalid", "headings_missing"


class ProfileMissing(Refusal):
    """There is no such profile: look at the list again"""

    kind, code = "missing", "profile_missing"


class Profile(Struct, frozen=True, kw_only=True):
    """How a sheet is read.

    Args:
        headings: all headings of the sheet as they are compared; it is known again by the mapped ones.
        columns: heading as it is compared to neutral field, "" where it is not read.
        values: for a field, the sheet's texts and what they stand for, such as status: {"飞走了": "已发货"}.
        defaults: text of a field where the sheet's is blank or missing.
        masked: the shop hides receivers, so that masks are expected.
    """

    id: int = 0
    name: str = ""
    importer: str = "sheet"
    channel: str = ""
    shop: str = ""
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    encoding: str = ""
    header_row: int = 0
    sheet: str = ""
    headings: tuple[str, ...] = ()
    columns: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    defaults: dict[str, str] = {}
    masked: bool = False

    def options(self) -> ImportOptions:
        """Return the options that read a sheet in this way."""
        return ImportOptions(
            channel=self.channel, shop=self.shop, zone=self.zone, currency=self.currency, encoding=self.encoding,
            header_row=self.header_row, sheet=self.sheet, columns=self.columns, values=self.values,
            defaults=self.defaults, masked=self.masked,
        )  # fmt: skip


class _Row(Struct, frozen=True):
    id: int
    body: str


_ADD = insert_into(import_profile)
_LIST = Statement(
    sa.select(import_profile.c.id, import_profile.c.body).where(own(import_profile)).order_by(import_profile.c.id.desc())
    .limit(bind("limit")),
    _Row,
)  # fmt: skip
_REMOVE = Statement[None](
    sa.delete(import_profile).where(own(import_profile), import_profile.c.id == bind("b_id"))
)


def save_profile(tx: Tx, actor: Actor, *, profile: Profile) -> Profile:
    """Keep a new profile and return it.

    Raises:
        NotAllowed: the actor may not import.
        ProfileUnnamed, NumberColumnMissing, ProfileFieldUnknown, TooManyProfiles
        ZoneUnknown, CurrencyUnknown, ImporterUnknown
    """
    require(actor, "import")
    check_options(profile.options())
    if profile.importer not in every_importer():
        raise ImporterUnknown(importer=profile.importer[:40], formats=", ".join(every_importer()))
    fields = [*profile.columns.values(), *profile.values, *profile.defaults]
    name = read_name(profile.name, most=80)
    if not name:
        raise ProfileUnnamed
    if unknown := [field for field in fields if field and field not in HEADINGS]:
        raise ProfileFieldUnknown(field=unknown[0][:40])
    if NEEDED not in profile.columns.values():
        raise NumberColumnMissing
    if len(list_profiles(tx)) >= PROFILES_MOST:
        raise TooManyProfiles(limit=PROFILES_MOST)
    kept = replace(profile, id=new_id(), name=name)
    tx.run(_ADD, id=kept.id, name=kept.name, body=msgspec.json.encode(asdict(kept)).decode(), at_us=tx.now_us)
    write_journal(tx, actor, verb="orders.save_profile", subject=f"profile:{kept.id}")
    return kept


def list_profiles(tx: Tx) -> list[Profile]:
    """Return the profiles, the newest first."""
    rows = tx.rows(_LIST, limit=PROFILES_MOST)
    return [msgspec.json.decode(row.body, type=Profile) for row in rows]


def declares_masking(tx: Tx, *, channel: str) -> bool:
    """Tell whether a profile says that a channel hides its receivers."""
    return any(one.masked and channel == (one.channel or one.importer) for one in list_profiles(tx))


def remove_profile(tx: Tx, actor: Actor, *, profile_id: int) -> None:
    """Forget a profile; imports that were read by it stay.

    Raises:
        NotAllowed: the actor may not import.
        ProfileMissing: there is none.
    """
    require(actor, "import")
    if not tx.run(_REMOVE, b_id=profile_id):
        raise ProfileMissing
    write_journal(tx, actor, verb="orders.remove_profile", subject=f"profile:{profile_id}")


def find_profile(tx: Tx, text: Source) -> Profile | None:
    """Return the profile whose mapped headings stand in one row of a sheet, the one with most of them."""
    profiles = list_profiles(tx)
    if not profiles:
        return None
    beginning = peek_text(text)
    rows = [
        frozenset(map(plain_heading, row.cells)) for delimiter in ",;\t" for row in first_rows(beginning, delimiter)
    ]  # fmt: skip
    fitting = [
        profile
        for profile in profiles
        if any({name for name, field in profile.columns.items() if field} <= row for row in rows)
    ]
    return max(fitting, key=lambda profile: len(profile.columns), default=None)


class Column(Struct, frozen=True):
    """A column of a sheet that shall be mapped: its heading, what it holds, and the field that it may be."""

    heading: str
    samples: tuple[str, ...]
    field: str


def suggest_columns(text: Source, *, header_row: int = 0) -> tuple[int, tuple[Column, ...]]:
    """Return the heading row that is likeliest and its columns with sample values.

    Raises:
        HeadingsMissing: it has no row with two cells.
    """
    beginning = peek_text(text)
    tables = [first_rows(beginning, delimiter) for delimiter in ",;\t"]
    rows = max(tables, key=lambda table: max((len(row.cells) for row in table), default=0))
    chosen = [row for row in rows if row.line == header_row] if header_row else rows
    head = max(
        chosen,
        key=lambda row: (sum(map(bool, map(field_of, row.cells))), sum(map(bool, row.cells)), -row.line),
        default=None,
    )
    if head is None or len(head.cells) < 2:
        raise HeadingsMissing(rows=HEADER_WITHIN_ROWS)
    below = [row.cells for row in rows if row.line > head.line][:3]
    return head.line, tuple(
        Column(
            cell,
            tuple(row[at] for row in below if at < len(row) and row[at]),
            field_of(cell).partition(":")[0],
        )
        for at, cell in enumerate(head.cells)
        if cell
    )
