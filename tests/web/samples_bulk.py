"""Sample contexts of the pages of bulk acts."""

from tests.web.sample_parts import T0, Context, shell

_JOB = {
    "id": 7, "act": "print", "state": "running", "total": 1200, "done": 460, "refused": 1, "fault": "", "actor_name": "王小明",
    "at_us": T0, "ended_at_us": None,
}  # fmt: skip
_ROWS = [
    {"number": "HF-20261122-0001", "result": "queued", "code": "", "text": ""},
    {"number": "HF-20261122-0002", "result": "held", "code": "check, manual", "text": ""},
    {"number": "HF-20261122-0003", "result": "refused", "code": "", "text": "订单已取消"},
]
_PAGE = {"count_text": "", "previous_url": "", "next_url": "/bulk/7?after=199"}
_ONE: Context = {
    "shell": shell("/bulk/7"), "job": _JOB, "rows": _ROWS, "page": _PAGE, "under_way": True, "cancel": "/bulk/7/cancellation",
    "again": "",
}  # fmt: skip
_OVER = {**_JOB, "state": "stopped", "fault": "not_allowed", "ended_at_us": T0}
BULK_SAMPLES: dict[str, tuple[str, Context]] = {
    "bulk_job": ("orders/bulk_job.html", _ONE),
    "bulk_job_stopped": ("orders/bulk_job.html", {**_ONE, "job": _OVER, "under_way": False, "cancel": ""}),
    "bulk_job_refused": (
        "orders/bulk_job.html",
        {
            **_ONE,
            "job": {**_OVER, "state": "complete", "fault": ""},
            "under_way": False,
            "cancel": "",
            "again": "/bulk/7/again",
        },
    ),
    "bulk_jobs": (
        "orders/bulk_jobs.html",
        {"shell": shell("/bulk"), "jobs": [_JOB, {**_OVER, "act": "hold"}]},
    ),
    "bulk_jobs_none": ("orders/bulk_jobs.html", {"shell": shell("/bulk"), "jobs": []}),
}
