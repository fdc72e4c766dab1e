"""Addresses in running Chinese text: recognised by their suffixes, split into province, city and district."""

import re

_SUFFIX = re.compile(
    r"[省市区县州盟旗镇乡村路街道巷弄号栋幢座楼室层里苑园城庄]$|(小区|花园|大厦|广场|公寓|公馆|中心|单元|学校|大学|医院|超市|驿站)$"
)
_INSIDE = re.compile(
    r"省|市|区|县|自治|镇|乡|村|路|街|巷|弄|大道|\d[号栋幢座楼室层]|小区|花园|大厦|广场|单元"
)
_HOUSE_UNIT = "号楼|号院|号|弄|栋|幢|座|室|楼|层|单元|房|户|门|#"
_NUMBER = r"(?:[A-Za-z]?\d{1,5}[A-Za-z]?(?:-\d{1,5})*|[A-Za-z]|[一二三四五六七八九十]{1,3})"
_house = re.compile(rf"^(?:{_NUMBER}?(?:{_HOUSE_UNIT})){{1,6}}(?:\d{{1,5}}(?:-\d{{1,5}})*)?$")
_bare_house = re.compile(r"^[A-F]?\d{1,5}(?:-\d{1,5})*[A-F]?$")
_house_end = re.compile(
    rf"(?:{_NUMBER}(?:{_HOUSE_UNIT})|(?:路|街|道|巷|村|{_HOUSE_UNIT})[A-F]?\d{{1,5}}(?:-\d{{1,5}})*)$"
)
_house_inside = re.compile(rf"\d(?:{_HOUSE_UNIT})")
_measure = re.compile(
    r"^(?:g|kg|ml|克|千克|公斤|毫升|升|斤|两|箱|盒|袋|件|个|支|瓶|包|只|张|片|枚|粒|条|罐|桶|份)",
    re.IGNORECASE,
)
_MUNICIPAL = ("北京", "上海", "天津", "重庆")
_PROVINCES = (
    "河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海"
    " 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门 北京 上海 天津 重庆"
).split()
_province = re.compile(
    rf"^(?P<name>{'|'.join(_PROVINCES)})"
    r"(?P<suffix>省|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区|市)?"
)
_city = re.compile(r"^(?P<city>[^市区县路街 \d]{1,10}?(?:自治州|地区|盟(?!路)|市))")
_district = re.compile(
    r"^(?P<district>[^区县旗市路街道镇 \d]{1,14}?(?:新区|自治县|自治旗|区|县|市|旗))(?!域)"
)


def is_address(word: str) -> bool:
    """Tell whether a word is part of an address: by its last character, or by what it has inside."""
    if len(word) < 2:
        return False
    if word.startswith(tuple(_PROVINCES)) and (len(word) > 3 or word in _PROVINCES):
        return True
    if len(word) == 2 or (len(word) == 3 and not any(c.isdigit() for c in word)):
        return bool(_SUFFIX.search(word)) and word[-1] in "省市区县镇村路街号楼室"
    return bool(_SUFFIX.search(word) or _INSIDE.search(word))


def has_house(word: str) -> bool:
    """Tell whether a word holds a house's part, such as 18号 or 3栋."""
    return len(word) < 200 and bool(
        _house_inside.search(word) or _house_end.search(word) or _house.match(word)
    )


def ends_like_place(word: str) -> bool:
    """Tell whether a word ends as places do, such as 阳光小区."""
    return len(word) > 2 and bool(_SUFFIX.search(word))


def address_end(words: list[str], *, following: str, loose: bool) -> tuple[int, bool]:
    """Return how many of the words, from the first on, are the address, and whether its house's part is there.

    Args:
        following: the word behind them all.
        loose: no goods follow, so that words between two parts of the address belong to it.
    """
    end, ended = 1, bool(_house_end.search(words[0][-40:]))
    for place in range(1, len(words)):
        word, behind = words[place], (*words[place + 1 :], following)
        if _is_house(word, behind[0], ended):
            end, ended = place + 1, True
        elif not ended and is_address(word) and (loose or _SUFFIX.search(word) or _INSIDE.search(word)):
            end, ended = place + 1, bool(_house_end.search(word[-40:]))
        elif ended and ends_like_place(word) and (loose or _house.match(behind[0][:40])):
            end = place + 1
        elif ended or not loose or not any(is_address(one) or has_house(one) for one in words[place + 1 :]):
            break
    return end, ended


def _is_house(word: str, behind: str, ended: bool) -> bool:
    if len(word) > 40:
        return False
    if _house.match(word):
        return True
    if len(word) == 1 and word.isascii() and word.isalpha():
        return bool(_house.match(behind[:40])) and behind[0] in _HOUSE_UNIT
    # 5 幢 301 is a room, 5 斤装 is a size, and 3 栋 7 nobody knows.
    return (
        bool(_bare_house.match(word))
        and not _measure.match(behind)
        and (not ended or len(word) > 2 or bool(_house.match(behind[:40])))
    )


def split_address(text: str) -> tuple[str, str, str, str]:
    """Return province, city, district and the rest; what has no suffix stays in the rest.

    Source: GB/T 2260 names of divisions; the four municipalities are their own city.
    """
    text = re.sub(r"\s+", " ", text.strip())
    province, city, district = "", "", ""
    if found := _province.match(text):
        suffix = found["suffix"] or ""
        # 吉林市, 海南藏族自治州: a city that begins like a province is not one
        if suffix != "市" or found["name"] in _MUNICIPAL:
            province, text = found.group(), text[found.end() :].lstrip()
            if found["name"] in _MUNICIPAL:
                province = f"{found['name']}市"
                city, text = province, re.sub(rf"^({province}|{found['name']}|市辖区) ?", "", text)
    if not city and (found := _city.match(text)):
        city, text = found["city"], text[found.end() :].lstrip()
    if found := _district.match(text):
        district, text = found["district"], text[found.end() :].lstrip()
    return province, city, district, text
