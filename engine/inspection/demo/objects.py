"""Fictitious inspected objects (检查对象) over the district's sub-districts, in the import's columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from engine.inspection import uscc
from engine.inspection.demo import trades
from engine.inspection.demo.places import DISTRICT, PLACES
from engine.inspection.demo.trades import Trade

MARK = "演示数据(虚构)"
#: The demo's calendar stands still, so that the same seed always writes the same file.
AS_OF = date(2026, 1, 5)

HEADER = (
    "统一社会信用代码", "检查对象名称", "检查对象类型", "成立日期", "登记机关", "登记状态", "法定代表人",
    "住所(经营场所)", "经营范围", "监管责任单位", "行业代码", "行政区划代码", "专项名录", "标签", "许可信息",
    "信用风险等级", "风险评定日期", "联系人", "联系电话", "经度", "纬度", "最近检查日期", "是否列入经营异常",
)  # fmt: skip

_SOLE = [trade for trade in trades.TRADES if trade.sole]
_SOLE_WEIGHTS = list(accumulate(trade.sole for trade in _SOLE))
_COMPANY_WEIGHTS = list(accumulate(trade.company for trade in trades.TRADES))
_PLACE_WEIGHTS = list(accumulate(place.weight for place in PLACES))
_PREFIXES = ("济南", "济南市天桥区", "济南天桥", "天桥区")
#: Kind of object, cumulative share, first two characters of the code, lines of business.
_KINDS: tuple[tuple[float, str, str, tuple[Trade, ...]], ...] = (
    (0.600, "个体工商户", "92", ()),
    (0.970, "企业", "91", ()),
    (0.983, "农民专业合作社", "93", trades.COOPERATIVE_TRADES),
    (0.990, "事业单位", "12", trades.PUBLIC_TRADES),
    (0.997, "民办非企业单位", "52", trades.PRIVATE_TRADES),
    (1.000, "农村集体经济组织", "N2", trades.COLLECTIVE_TRADES),
)
_REGISTRAR = "天桥区市场监督管理局（演示数据·虚构）"


def object_rows(rng: Random, count: int) -> Iterator[tuple[str, ...]]:
    """``count`` rows under :data:`HEADER`; about 0.3 % carry a wrong check character on purpose.

    The organisation codes begin with XN (虚拟), which no registry has given out.
    """
    names: set[str] = set()
    numbers = uscc.ALPHABET
    step = 31**6 // 7 | 1  # spreads consecutive numbers over all six characters, never twice
    random = rng.random
    for serial in range(1, count + 1):
        share = random()
        _, kind, prefix, special = next(entry for entry in _KINDS if share < entry[0])
        if special:
            trade = special[int(random() * len(special))]
        elif kind == "个体工商户":
            trade = rng.choices(_SOLE, cum_weights=_SOLE_WEIGHTS)[0]
        else:
            trade = rng.choices(trades.TRADES, cum_weights=_COMPANY_WEIGHTS)[0]
        place = rng.choices(PLACES, cum_weights=_PLACE_WEIGHTS)[0]

        number, body = serial * step % 31**6, ""
        for _ in range(6):
            number, digit = divmod(number, 31)
            body += numbers[digit]
        code = uscc.compose(prefix + DISTRICT, "XN" + body)
        if random() < 0.003:
            code = code[:17] + numbers[(numbers.index(code[17]) + 1 + int(random() * 29)) % 31]

        owner = _pick(random, trades.SURNAMES) + "某" + _pick(random, trades.STEMS)
        founded = AS_OF - timedelta(days=30 + int(random() ** 1.7 * 9000))
        grade = ("A", "A", "B", "B", "B", "B", "B", "C", "C", "D")[int(random() * 10)]
        graded = AS_OF - timedelta(days=int(random() * 365))
        state = random()
        inspected = AS_OF - timedelta(days=1 + int(random() * 700)) if random() < 0.15 else None
        road = place.roads[int(random() * len(place.roads))]
        tags = [MARK]
        if random() < 0.04:
            tags.append("投诉举报较多")
        if kind == "企业" and random() < 0.03:
            tags.append("规模以上")
        yield (
            code,
            _name(random, names, kind, trade),
            kind,
            founded.isoformat(),
            _REGISTRAR,
            "存续" if state < 0.965 else "注销" if state < 0.985 else "吊销未注销",
            owner,
            f"济南市天桥区{road}{1 + int(random() * 398)}号{1 + int(random() * 30)}室",
            trade.scope,
            f"{place.name.removesuffix('街道')}市场监督管理所",
            trade.industry,
            place.code,
            trade.registry,
            "；".join(tags),
            _permit(trade, serial, founded, random()),
            grade,
            graded.isoformat(),
            owner,
            f"0531-0000{serial % 10000:04d}",
            f"{place.longitude + (random() - 0.5) * 0.02:.5f}",
            f"{place.latitude + (random() - 0.5) * 0.016:.5f}",
            inspected.isoformat() if inspected else "",
            "是" if random() < 0.03 else "否",
        )


def _pick(random: Callable[[], float], characters: str) -> str:
    return characters[int(random() * len(characters))]


def _name(random: Callable[[], float], taken: set[str], kind: str, trade: Trade) -> str:
    """A name nobody in the file has yet: place + trade name + line of business and form."""
    endings = trade.shops if kind == "个体工商户" else trade.firms
    while True:
        draw = random()
        prefix = _PREFIXES[int(draw * 4)]
        word = _pick(random, trades.CHARACTERS) + _pick(random, trades.CHARACTERS)
        if draw * 4 % 1 < 0.4:
            word += _pick(random, trades.CHARACTERS)
        ending = endings[int(draw * 997) % len(endings)]
        name = prefix + word + ending
        if kind == "个体工商户":
            name += "（个体工商户）" if draw < 0.1 else ""
        if name not in taken:
            taken.add(name)
            return name


def _permit(trade: Trade, serial: int, founded: date, chance: float) -> str:
    """The permit this line of business needs; one in twenty has none, some have run out."""
    if trade.permit is None or chance < 0.05:
        return ""
    name, prefix = trade.permit
    issued = max(founded, AS_OF - timedelta(days=int(chance * 1900)))
    expires = issued.replace(year=issued.year + 5, day=min(issued.day, 28))
    return f"{name}|{prefix}{serial:07d}|{issued.isoformat()}|{expires.isoformat()}|天桥区（演示）"
