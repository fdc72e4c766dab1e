"""The words of chat orders: labels, phones, goods with counts, names, and how it is paid."""

import re

from msgspec import Struct

from tocsin.core.text import strip_control
from tocsin.orders.draft import Method, Payment

_LABELS = {
    "name": "收货人姓名|收货人|收件人姓名|收件人|联系人|姓名|名字|客户",
    "phone": "联系电话|联系方式|手机号码|手机号|收货电话|手机|电话|tel|phone",
    "address": "收货地址|详细地址|收件地址|所在地区|地址",
    "goods": "商品|货品|产品|宝贝|下单|订购|订单",
    "note": "买家留言|备注|留言",
}
_labels = re.compile(
    r"(?:(?<=^)|(?<=\s))(?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in _LABELS.items())
    + r") ?: ?",
    re.IGNORECASE | re.MULTILINE,
)
NAME_LABEL = re.compile(rf"(?:^|\s)(?:{_LABELS['name']}) ?:", re.MULTILINE)
_EXTENSION = r"(?: ?(?:转|分机) ?:? ?|-)"
PHONE = re.compile(
    rf"(?<![\d.])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{{4}}[ -]?\d{{4}}(?:{_EXTENSION}\d{{1,6}})?(?!\d)"
    rf"|(?<![\d.])0\d{{2,3}}-\d{{7,8}}(?:{_EXTENSION}\d{{1,6}})?(?!\d)"
    rf"|(?<![\d.])400-?\d{{3}}-?\d{{4}}(?:{_EXTENSION}\d{{1,6}})?(?!\d)"
)
_UNITS = "公斤|千克|件|箱|个|份|斤|盒|袋|瓶|包|套|只|条|双|台|把|支|罐|桶|串|束|枚|kg"
_AMOUNT = r"\d{1,9}(?:\.\d{1,6})?"
_counted = re.compile(
    rf"^(?P<title>.*?)×(?P<count>{_AMOUNT})(?P<unit>{_UNITS})?(?:[@¥￥]{{1,2}}(?P<price>{_AMOUNT})元?)?$",
    re.IGNORECASE,
)
_with_unit = re.compile(
    rf"^(?P<title>[^\d×@]*)(?P<count>\d{{1,6}})(?P<unit>{_UNITS})(?:[@¥￥]{{1,2}}(?P<price>{_AMOUNT})元?)?$"
)
_priced = re.compile(
    rf"^(?P<title>.*?\D)(?:[@¥￥]{{1,2}}(?P<marked>{_AMOUNT})元?|(?<![\d.])(?P<plain>{_AMOUNT})元)$"
)
_price = re.compile(rf"^(?:[@¥￥]{{1,2}}(?P<marked>{_AMOUNT})元?|(?P<plain>{_AMOUNT})元)$")
_split_count = re.compile(rf"(?<= )(\d{{1,6}}) (?=(?:{_UNITS})(?: |$|[@¥￥]))")
_SIZE = r"\d+(?:\.\d+)?(?: ?(?:mg|g|kg|ml|l|克|千克|公斤|毫升|升|斤|两|箱|盒|袋|件|个|支|瓶|包|只|张|片|枚|粒|条|罐|桶|份)装?)"
_size_only = re.compile(rf"^(?:{_SIZE}|\d+(?:\.\d+)?)$", re.IGNORECASE)
_title_spec = re.compile(rf"^(?P<title>.*\S) (?P<spec>{_SIZE})$", re.IGNORECASE)
# Words that stand beside goods or greet, and name neither goods nor a person.
_NO_NAMES = frozenset(
    "特级 一级 二级 三级 优级 精选 礼盒 散装 真空 包邮 顺丰 加急 谢谢 老板 谢谢老板 你好 您好 麻烦 下单 尽快 尽快发货".split()
)
_chinese_name = re.compile(r"^[\u3400-\u9fff·]{2,4}$")
_latin_name = re.compile(r"^[A-Za-z][A-Za-z.'-]{1,30}$")
_title_of_person = re.compile(r"^[\u3400-\u9fff](先生|女士|小姐|老师|阿姨|大哥|姐|哥)$")
_PAYMENTS: dict[str, tuple[Method, Payment]] = {
    "货到付款": ("cod", "unpaid"), "到付": ("cod", "unpaid"), "未付": ("", "unpaid"), "未付款": ("", "unpaid"),
    "已付": ("", "paid"), "已付款": ("", "paid"), "已转账": ("other", "paid"), "微信已付": ("wechat", "paid"),
    "支付宝已付": ("alipay", "paid"),
}  # fmt: skip

_wide = str.maketrans("０１２３４５６７８９＊＠＋：×✖╳✕＃　", "0123456789*@+:××××# ")
_separators = str.maketrans(dict.fromkeys(",，;；、。|/\t", ", "))
_cross = re.compile(r" ?[*×] ?(?=\d)")
_latin_cross = re.compile(
    r"(?: [xX] ?(?=\d{1,6}(?![\dA-Za-z]))|(?<=[^\sA-Za-z0-9])[xX](?=\d{1,6}(?![\dA-Za-z]))|(?<= )[xX](?=\d)"
    r"|(?:(?<=\dg)|(?<=\dkg)|(?<=\dml))[xX](?=\d{1,6}(?![\dA-Za-z])))"
)


class Run(Struct):
    """Words that stand together; where `count` is given they end in goods, the last word being their title's end.

    `after_break`: a comma or a line break stands before them. `paid`: the word about payment behind them.
    """

    words: list[str]
    count: str = ""
    unit: str = ""
    price: str = ""
    paid: str = ""
    after_break: bool = False


def normalise_line(line: str) -> str:
    """Return a line with plain digits and colons, a comma for any separator, and `×` before each count."""
    line = strip_control(line).translate(_wide)
    line = re.sub(r"\s+", " ", line.translate(_separators))
    line = re.sub(r"(?: ?, ?)+", ", ", line).strip(" ,")
    line = re.sub(r"(?<=[\u3400-\u9fff)）A-Za-z0-9]) ?@ ?(?=[¥￥]?\d)", "@", line)
    return _cross.sub("×", _latin_cross.sub("×", line))


def labelled(text: str) -> list[tuple[str, str]]:
    """Return (label, value) pairs in order; text before the first label has the label ""."""
    found = list(_labels.finditer(text))
    ends = [each.start() for each in found[1:]] + [len(text)]
    pairs = [(each.lastgroup or "", text[each.end() : end]) for each, end in zip(found, ends, strict=False)]
    before = text[: found[0].start()] if found else text
    return [("", before), *pairs]


def find_runs(line: str) -> list[Run]:
    """Return the runs of words of a line, each ended by a count, a word about payment, or a comma."""
    runs: list[Run] = []
    for segment in line.split(","):
        words: list[str] = []
        begins = len(runs)
        for word in _split_count.sub(r"\1", " " + segment.strip()).split():
            if found := _counted.match(word) or _with_unit.match(word):
                words.append(found["title"])
                runs.append(Run(words, found["count"], found["unit"] or "", found["price"] or ""))
                words = []
            elif word in _PAYMENTS:
                runs.append(Run(words, paid=word))
                words = []
            elif not words and len(runs) > begins and runs[-1].count and not runs[-1].price and _price.match(word):  # fmt: skip
                runs[-1].price = read_price(word)
            else:
                words.append(word)
        if words:
            runs.append(Run(words))
        if len(runs) > begins:
            runs[begins].after_break = True
    return runs


def read_price(word: str) -> str:
    """Return the number of a word that is a price alone, such as 388元 or @388; none for any other."""
    found = _price.match(word)
    return (found["marked"] or found["plain"]) if found else ""


def split_goods(text: str) -> tuple[str, str, str]:
    """Return title, size and price of goods without their count: 霍山石斛 50g 388元 is 霍山石斛, 50g and 388."""
    price = ""
    if found := _priced.match(text):
        text, price = found["title"].strip(), found["marked"] or found["plain"]
    if sized := _title_spec.match(text):
        return sized["title"], sized["spec"], price
    return text, "", price


def is_size(text: str) -> bool:
    """Tell whether a text is only sizes, numbers, and words such as 特级: no name of goods."""
    return bool(_size_only.match(text)) or all(
        word in _NO_NAMES or _size_only.match(word) for word in text.split()
    )


def is_name(word: str) -> bool:
    """Tell whether a word can be a person's name: two to four Chinese characters, or a Latin word."""
    return word not in _NO_NAMES and bool(
        _chinese_name.match(word) or _latin_name.match(word) or _title_of_person.match(word)
    )


def read_payment(word: str) -> tuple[Method, Payment]:
    """Return method and payment of a word such as 货到付款; unpaid for none."""
    return _PAYMENTS.get(word, ("", "unpaid"))
