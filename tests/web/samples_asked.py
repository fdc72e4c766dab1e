"""What stands around a list of orders that was asked for."""

from tests.web.sample_parts import SCREENS, Context
from tocsin.orders.saved_screen import COLUMNS, FIRST_COLUMNS

ASKED: Context = {
    "screens": SCREENS, "screen": {"columns": FIRST_COLUMNS, "name": "to-print", "title": "", "own": False, "shared": True}, "mistake": None, "errors": {}, "columns": FIRST_COLUMNS,
    "chips": [{"text": "状态:挂起", "url": "/orders?q=x", "on": True}, {"text": "下单:今天", "url": "/orders?q=y", "on": False}], "all_columns": COLUMNS,
    "may_share": True, "may_download": True, "may_real": True,
}  # fmt: skip
