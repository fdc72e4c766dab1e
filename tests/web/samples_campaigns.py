"""Sample contexts of the pages of campaigns."""

from tests.web.sample_parts import T0, Context, shell
from tocsin.orders.campaign import Campaign
from tocsin.orders.campaign_report import Counted, Report, Stock
from tocsin.web.tallied import Fresh

_ONE = Campaign(7, "group_buy", "春季拼团", "PT-1", T0, None, 3, 5, '{"LI-5":200}', 0, 2, "{}")
_LIST: Context = {
    "shell": shell("/campaigns", "campaign"), "campaigns": [{"one": _ONE, "state": "running", "count_text": "52 单"}], "form": {}, "errors": {},
    "may_set": True,
}  # fmt: skip
_REPORT = Report(
    orders=412, hourly=False, stock=(Stock("LI-5", 200, 168, 32), Stock("MF-1", 20, 21, -1)),
    by_state=(Counted("produced", 300), Counted("printed", 98), Counted("cancelled", 14)),
    problems=(Counted("stock", 12), Counted("campaign", 5), Counted("phone_shape", 2)),
    times=tuple(Counted(f"2026-09-{day:02}", day * 7 % 31 * 3) for day in range(1, 25)),
)  # fmt: skip
_PAGE: Context = {
    "shell": shell("/campaigns/7", "campaign"), "one": _ONE, "state": "running", "report": _REPORT, "fresh": Fresh(), "states_of": {"produced": 300, "printed": 98},
    "wanted": 'campaign:"PT-1"', "form": {"kind": "group_buy", "title": "春季拼团", "code": "PT-1", "stock": "LI-5 = 200"}, "errors": {},
    "may_set": True,
}  # fmt: skip
_ROW = {"sku": "LI-5", "title": "砀山酥梨", "spec": "5 斤", "orders": 2, "quantity": "4", "held": "1"}
_PLACES = [
    {"pickup_point": point, "community": "翠苑一区", "pieces": "8", "held": 1, "rows": [_ROW, {**_ROW, "sku": "MF-1", "title": "黄山毛峰", "held": ""}]}
    for point in ("东门", "西门便利店")
]  # fmt: skip
CAMPAIGN_SAMPLES: dict[str, tuple[str, Context]] = {
    "campaigns": ("orders/campaigns.html", _LIST),
    "campaigns_none": ("orders/campaigns.html", {**_LIST, "campaigns": []}),
    "campaign": ("orders/campaign.html", _PAGE),
    "campaign_empty": ("orders/campaign.html", {**_PAGE, "report": Report(orders=0, hourly=False, stock=(), by_state=(), problems=(), times=()), "errors": {"stock": "x"}}),
    "packing": ("orders/packing.html", {"shell": shell("/campaigns/7", "campaign"), "one": _ONE, "places": _PLACES, "cut": False, "at_us": T0}),
}  # fmt: skip
