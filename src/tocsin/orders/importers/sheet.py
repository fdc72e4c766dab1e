"""Any sheet with known headings, a row per line or per order: CSV in UTF-8 or GB18030, or a workbook."""

from tocsin.orders.sheet_orders import SheetImporter
from tocsin.orders.sheet_shape import Shape

PLUGIN = SheetImporter(
    Shape(name="sheet", title="Sheet (CSV, XLSX)", channel="sheet", sureness=60, split_place=False)
)
