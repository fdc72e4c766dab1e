"""China's provinces, cities and districts: does one lie in the other?

Source: modood/Administrative-divisions-of-China (WTFPL), `data/china_divisions.json`: province → city → districts.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from importlib import resources

import msgspec

Divisions = Mapping[str, Mapping[str, list[str]]]

# Endings that people leave out, and those of maps (北京城区, 重庆郊县): what is before them must begin the name.
_END = re.compile(
    r"(?<=..)(?:省|特别行政区|自治区|自治州|自治县|自治旗|地区|林区|城区|郊县|盟|州|市|区|县|旗|镇|街道)$"
)
# Zones are drawn over districts and are not in the list: 高新区, 经济技术开发区, 苏州工业园区.
_ZONE = re.compile(r"(?:新区|高新区|开发区|经开区|园区|示范区|管理区|度假区|保税区)$")
# What stands where a place has no city of its own: the districts lie in the province.
_NO_CITY = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
BEYOND = ("香港", "澳门", "台湾")


@functools.cache
def divisions() -> Divisions:
    """Return the names as they are published, read once per process."""
    found = resources.files("tocsin.tickets").joinpath("data/china_divisions.json").read_bytes()
    return msgspec.json.decode(found, type=dict[str, dict[str, list[str]]])


def is_beyond(province: str) -> bool:
    """Tell whether a province is Hong Kong, Macau or Taiwan, of which the list has nothing."""
    return province.strip().startswith(BEYOND)


def broken_link(province: str, city: str, district: str) -> str:
    """Return which of three names does not lie in the one before: `province`, `city`, `district`, or nothing.

    An empty name is not judged. Names may lack their ending (合肥, 凉山州); a municipality may be its own city.
    """
    province, city, district = province.strip(), city.strip(), district.strip()
    if not province or is_beyond(province):
        return ""
    official = next((name for name in divisions() if _begins(province, name)), None)
    if official is None:
        return "province"
    cities = divisions()[official]
    if city in _NO_CITY or _begins(city, official):
        city = ""  # ruled by the province itself, or a municipality that is its own city
    if city and not _has(_cities(cities), city):
        return "city"
    inside = _districts(cities, city)
    wrong = district and inside and not _has(inside, district) and not _is_zone(district)
    return "district" if wrong else ""


def _is_zone(district: str) -> bool:
    """Tell whether a name is that of a zone and of no district anywhere (浦东新区 is one)."""
    return bool(_ZONE.search(district)) and district not in _all_districts()


@functools.cache
def _all_districts() -> frozenset[str]:
    return frozenset(name for cities in divisions().values() for names in cities.values() for name in names)


def _cities(cities: Mapping[str, list[str]]) -> Iterable[str]:
    """Yield what may stand as a city: the cities, and the counties that the province rules itself."""
    for city, districts in cities.items():
        yield from districts if city in _NO_CITY else (city,)


def _districts(cities: Mapping[str, list[str]], city: str) -> list[str]:
    """Return what may follow a city, without one what may follow the province; nothing where none are told."""
    return [name for key, names in cities.items() if not city or _begins(city, key) for name in names]


def _has(names: Iterable[str], given: str) -> bool:
    return any(_begins(given, name) for name in names)


def _begins(given: str, name: str) -> bool:
    return bool(given) and name.startswith(_END.sub("", given))


def chains_of(*, city: str = "", district: str = "") -> list[tuple[str, str, str]]:
    """Return (province, city, district) of each real chain that holds a city, a district or both; a name not asked is empty."""
    found = [
        (province, name, inside if district else "")
        for province, cities in divisions().items()
        for name, districts in cities.items()
        if not city or _begins(city, name)
        for inside in (districts if district else [""])
        if not district or _begins(district, inside)
    ]
    return list(dict.fromkeys(found)) if city or district else []
