"""The first hour as a page: what has really happened, and one thing to do for each step that has not."""

from typing import Any

from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from tocsin.core.actor import require
from tocsin.core.clock import DAY_US, now_us, to_datetime
from tocsin.core.tenant import get_shop
from tocsin.tickets.first_hour import STEPS, forget_far, hide_first_hour, read_steps
from tocsin.web.form import read_form
from tocsin.web.guard import PageRequest, enter, locale_of
from tocsin.web.shell import go, show

_SAMPLES = {
    "zh_CN": (
        "订单号,下单时间,付款时间,订单状态,收货人,联系电话,省,市,区,详细地址,商品名称,商品编码,单价,数量,应付金额,支付方式",
        "示例-1,{at},{paid},待发货,李慧,13812345678,安徽省,合肥市,蜀山区,黄山路 12 号 3 栋 402 室,砀山酥梨 5 斤装,LI-5,39.90,2,79.80,微信",
        "示例-2,{at},{paid},待发货,张建国,13912345679,浙江省,杭州市,西湖区,文三路 90 号 5 幢 301,祁门红茶 礼盒,CHA-QH-2,298.00,1,298.00,支付宝",
        "示例-3,{at},{paid},待发货,王小明,1381234567,上海市,上海市,徐汇区,漕溪北路 375 弄 6 号 1201 室,徽墨 油烟 二两,MO-HM-2,86.00,1,86.00,微信",
    ),
    "en": (
        "Order number,Order time,Paid at,Status,Receiver,Phone,Province,City,District,Address,Product,SKU,Unit price,Quantity,Total,Payment method",
        "SAMPLE-1,{at},{paid},paid,Ann Lee,13812345678,安徽省,合肥市,蜀山区,402 Block 3 No. 12 Huangshan Road,Crisp pears 5 lb,LI-5,39.90,2,79.80,wechat",
        "SAMPLE-2,{at},{paid},paid,John Chang,13912345679,浙江省,杭州市,西湖区,301 Block 5 No. 90 Wensan Road,Keemun tea in a gift box,CHA-QH-2,298.00,1,298.00,alipay",
        "SAMPLE-3,{at},{paid},paid,Mary Wong,1381234567,上海市,上海市,徐汇区,1201 No. 6 Lane 375 North Caoxi Road,Ink stick of pine soot,MO-HM-2,86.00,1,86.00,wechat",
    ),
}


@get("/start", sync_to_thread=True)
def get_start(request: PageRequest) -> Response[str]:
    """Show how far the first hour is."""
    desk, actor = enter(request)
    require(actor, "shop_settings")
    forget_far(desk.db, actor.merchant_id)
    steps = desk.db.read(actor.merchant_id, read_steps)
    told = {name: bool(getattr(steps, name)) for name in STEPS}
    return show(
        request, "settings/start.html", actor=actor, section="settings", steps=told, done=steps.done(), hidden=steps.hidden(), next=steps.left(),
    )  # fmt: skip


@get("/start/sample.csv", sync_to_thread=True)
def get_sample(request: PageRequest) -> Response[bytes]:
    """Hand out a small sheet of made-up orders, the third with a phone that is a digit short."""
    desk, actor = enter(request)
    require(actor, "import")
    zone = desk.db.read(actor.merchant_id, get_shop).zone
    at = to_datetime(now_us() - DAY_US // 24, zone)
    paid = to_datetime(now_us() - DAY_US // 25, zone)
    headings, *rows = _SAMPLES[locale_of(request, actor)]
    rows = [row.format(at=f"{at:%Y-%m-%d %H:%M:%S}", paid=f"{paid:%Y-%m-%d %H:%M:%S}") for row in rows]
    made = "\ufeff" + "\r\n".join([headings, *rows]) + "\r\n"
    headers = {"content-disposition": 'attachment; filename="tocsin-sample.csv"'}
    return Response(made.encode(), media_type="text/csv; charset=utf-8", headers=headers)


@post("/start", sync_to_thread=True, status_code=303)
def post_start(request: PageRequest, *, body: RawBody) -> Redirect:
    """Put the first hour away, or bring it back."""
    desk, actor = enter(request)
    hidden = read_form(request, body).get("hidden") == "1"
    desk.db.write(actor.merchant_id, lambda tx: hide_first_hour(tx, actor, hidden=hidden))
    forget_far(desk.db, actor.merchant_id)
    return go("/orders", done="start_hidden") if hidden else go("/start")


START: list[Any] = [get_start, get_sample, post_start]
