"""A sheet that the demo's clerk brought in, of which two rows can't be read, and what was looked up since."""

from functools import partial

from tocsin.core.clock import MINUTE_US, to_datetime
from tocsin.core.db import Database
from tocsin.demo.rhythm import ZONE
from tocsin.demo.story import Story
from tocsin.orders.commit import commit_import
from tocsin.orders.importer import ImportOptions
from tocsin.orders.importing import upload_sheet
from tocsin.orders.incoming import Source
from tocsin.orders.query import search_orders

_SHEET = """订单号,下单时间,订单状态,收货人,联系电话,详细地址,商品名称,单价,数量,应付金额
YZ-8801,{at[0]},待发货,周文,13805510001,安徽省合肥市蜀山区黄山路 12 号 3 栋 402 室,黄山烧饼 20 只,25.80,4,103.20
YZ-8802,{at[1]},待发货,许静,13805510002,安徽省合肥市庐阳区长江中路 6 号 2 单元 501,砀山酥梨 5 斤装,三十九块九,1,39.90
YZ-8803,{at[2]},待发货,沈平,13805510003,安徽省合肥市蜀山区望江西路 88 号 1 栋 101 室,徽墨 油烟 二两,86.00,很多,86.00
"""
_ASKED = ("酥梨", "13805510001", "TODAY-005", "毛峰", "周文")


def plan_sheets(story: Story, *, until_us: int) -> None:
    """Plan a sheet of some hours ago, and look-ups after it."""
    story.apart(until_us - 200 * MINUTE_US, partial(_bring, story=story))
    for place, text in enumerate(_ASKED):
        story.apart(until_us - (150 - place * 20) * MINUTE_US, partial(_look, story=story, text=text))


def _bring(db: Database, *, story: Story) -> None:
    clerk = story.people.morning
    placed = (to_datetime(story.past.now_us - back * MINUTE_US, ZONE) for back in (58, 50, 39))
    at = [f"{each:%Y-%m-%d %H:%M}" for each in placed]
    source = Source("youzan.csv", "text/csv", _SHEET.format(at=at).encode())
    seen = upload_sheet(db, clerk, source=source, options=ImportOptions(channel="youzan"))
    commit_import(db, clerk, import_id=seen.import_id)


def _look(db: Database, *, story: Story, text: str) -> None:
    search_orders(db, story.people.morning, text=text, door="page")
