"""Sample contexts of the pages of campaigns."""

from tests.web.sample_parts import T0, Context, shell
from tocsin.orders.campaign import Campaign
from tocsin.orders.campaign_report import Counted

_ONE = Campaign(7, "group_buy", "春季拼团", "PT-1", T0, None, 3, 5, "{}", 0)
_LIST: Context = {
    "shell": shell("/campaigns", "orders"), "campaigns": [{"one": _ONE, "state": "running"}], "form": {}, "errors": {},
    "may_set": True,
}  # fmt: skip
CAMPAIGN_SAMPLES: dict[str, tuple[str, Context]] = {
    "campaigns": ("orders/campaigns.html", _LIST),
    "campaigns_none": ("orders/campaigns.html", {**_LIST, "campaigns": []}),
    "campaign": (
        "orders/campaign.html",
        {
            "shell": shell("/campaigns/7", "orders"), "one": _ONE, "state": "running", "by_state": [Counted("produced", 3)],
            "problems": [], "days": [Counted("2026-09-21", 3)],
            "packed": [{"place": "东门", "sku": "LI-5", "title": "砀山酥梨", "spec": "5 斤", "orders": 2, "quantity": "4"}],
        },
    ),
}  # fmt: skip
