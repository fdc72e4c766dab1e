"""The words of chat orders: labels, phones, goods with counts, names, and how it is paid."""

import re

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
PHONE = re.compile(
    r"(?<![\d.])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?:(?:转|-)\d{3,4})?(?!\d)"
    r"|(?<![\d.])0\d{2,3}-\d{7,8}(?:-\d{1,5})?(?!\d)"
    r"|(?<![\d.])400-?\d{3}-?\d{4}(?!\d)"
)
_UNITS = "公斤|千克|件|箱|个|份|斤|盒|袋|瓶|包|套|只|条|双|台|把|支|罐|桶|串|束|枚|kg"
_counted = re.compile(
    rf"^(?P<title>.*\S)×(?P<count>\d{{1,9}}(?:\.\d{{1,6}})?)(?P<unit>{_UNITS})?(?:@[¥￥]?(?P<price>\d{{1,9}}(?:\.\d{{1,6}})?)(?:元)?)?$",
    re.IGNORECASE,
)
_with_unit = re.compile(rf"^(?P<title>[^\d×@]+)(?P<count>\d{{1,6}})(?P<unit>{_UNITS})$")
_title_price = re.compile(r"^(?P<title>.*?\D)[@¥￥]?(?P<price>\d{1,9}(?:\.\d{1,6})?)元$")
_price = re.compile(r"^[@¥￥]?(?P<price>\d{1,9}(?:\.\d{1,6})?)元$|^@[¥￥]?(?P<plain>\d{1,9}(?:\.\d{1,6})?)$")
_chinese_name = re.compile(r"^[\u3400-\u9fff·]{2,4}$")
_latin_name = re.compile(r"^[A-Za-z][A-Za-z.'-]{1,30}$")
_title_of_person = re.compile(r"^[\u3400-\u9fff](先生|女士|小姐|老师|阿姨|大哥|姐|哥)$")
_PAYMENTS: dict[str, tuple[Method, Payment]] = {
    "货到付款": ("cod", "unpaid"), "到付": ("cod", "unpaid"), "未付": ("", "unpaid"), "未付款": ("", "unpaid"),
    "已付": ("", "paid"), "已付款": ("", "paid"), "已转账": ("other", "paid"), "微信已付": ("wechat", "paid"),
    "支付宝已付": ("alipay", "paid"),
}  # fmt: skip

_wide = str.maketrans("０１２３４５６７８９＊＠＋：×✖╳✕＃　", "0123456789*@+:××××# ")
_separators = str.maketrans(dict.fromkeys(",，;；、。|/\t", " "))
_cross = re.compile(r" ?[*×] ?(?=\d)")
_latin_cross = re.compile(
    r"(?: [xX] ?(?=\d{1,6}(?![\dA-Za-z]))|(?<=[^\sA-Za-z0-9])[xX](?=\d{1,6}(?![\dA-Za-z]))|(?<= )[xX](?=\d))"
)

Goods = tuple[str, str, str, str]


def normalise_line(line: str) -> str:
    """Return a line with plain digits and colons, one blank for any separator, and `×` before each count."""
    line = strip_control(line).translate(_wide)
    line = re.sub(r"\s+", " ", line.translate(_separators)).strip()
    line = re.sub(r"(?<=[\u3400-\u9fff)）A-Za-z0-9]) ?@ ?(?=[¥￥]?\d)", "@", line)
    return _cross.sub("×", _latin_cross.sub("×", line))


def labelled(text: str) -> list[tuple[str, str]]:
    """Return (label, value) pairs in order; text before the first label has the label ""."""
    found = list(_labels.finditer(text))
    ends = [each.start() for each in found[1:]] + [len(text)]
    pairs = [(each.lastgroup or "", text[each.end() : end]) for each, end in zip(found, ends, strict=False)]
    before = text[: found[0].start()] if found else text
    return [("", before), *pairs]


def find_goods(text: str) -> tuple[str, list[Goods], str]:
    """Return the text without goods, the goods as (title, count, unit, price), and the word about payment."""
    goods: list[Goods] = []
    rest: list[str] = []
    payment = ""
    for line in text.split("\n"):
        words: list[str] = []
        for word in line.split(" "):
            if each := _read_goods(word):
                goods.append(each)
            elif goods and not goods[-1][3] and (price := _price.match(word)):
                goods[-1] = (*goods[-1][:3], price["price"] or price["plain"])
            elif word in _PAYMENTS:
                payment = word
            else:
                words.append(word)
        rest.append(" ".join(words))
    return "\n".join(rest), goods, payment


def is_name(word: str) -> bool:
    """Tell whether a word can be a person's name: two to four Chinese characters, or a Latin word."""
    return bool(_chinese_name.match(word) or _latin_name.match(word) or _title_of_person.match(word))


def read_payment(word: str) -> tuple[Method, Payment]:
    """Return method and payment of a word such as 货到付款; unpaid for none."""
    return _PAYMENTS.get(word, ("", "unpaid"))


def _read_goods(word: str) -> Goods | None:
    if found := _counted.match(word):
        title, price = found["title"], found["price"] or ""
        if not price and (priced := _title_price.match(title)):
            title, price = priced["title"], priced["price"]
        return title, found["count"], found["unit"] or "", price
    if found := _with_unit.match(word):
        return found["title"], found["count"], found["unit"], ""
    return None
