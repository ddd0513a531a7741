"""One cell of a registry file → one value, or :class:`BadValue` with what is wrong and what to do.

Parsers see the stripped, non-empty text of a cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from engine.inspection.industries import normalise_industry
from engine.inspection.uscc import normalise

Parser = Callable[[str], Any]

_SEPARATORS = re.compile(r"[、,，;；|\n]+")
_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
_ID_NUMBER = re.compile(r"\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]")
_TRUE = {"是", "有", "Y", "YES", "TRUE", "1", "√", "列入", "已列入", "公布", "已公布"}
_FALSE = {"否", "无", "N", "NO", "FALSE", "0", "×", "未列入", "不公布", "未公布"}


class BadValue(Exception):
    """A cell that cannot be used: ``message`` says why, ``remedy`` what to enter instead."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def clean(text: str) -> str:
    """Strip, and turn line breaks, tabs and invisible characters inside into single blanks."""
    text = text.strip()
    if text.isprintable():
        return text
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


@dataclass(frozen=True, slots=True)
class Text:
    """Text of at most ``limit`` characters."""

    limit: int

    def __call__(self, value: str) -> str:
        if len(value) > self.limit:
            raise BadValue(f"共 {len(value)} 个字，超过 {self.limit} 个字", f"请缩短到 {self.limit} 个字以内。")
        return value


text = Text


@lru_cache(maxsize=65536)
def day(value: str) -> date:
    """A date in any of the usual spellings."""
    match = _DATE.fullmatch(value) or _COMPACT_DATE.fullmatch(value)
    try:
        if match is None:
            raise ValueError
        found = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise BadValue("不是有效日期", "请按 2026-01-31 的格式填写。") from None
    if not 1900 <= found.year <= 2199:
        raise BadValue("年份不合理", "请核对年份，按 2026-01-31 的格式填写。")
    return found


def until(value: str) -> date | None:
    """The last day; None for 长期."""
    return None if value in {"长期", "长期有效"} else day(value)


@lru_cache(maxsize=1024)
def flag(value: str) -> bool:
    """是 or 否 in the usual spellings."""
    upper = value.upper()
    if upper in _TRUE:
        return True
    if upper in _FALSE:
        return False
    raise BadValue("应为“是”或“否”", "请填写 是 或 否。")


@lru_cache(maxsize=65536)
def names(value: str) -> list[str]:
    """A list of names separated by 、 or ；, without doublets, in the file's order."""
    found = list(dict.fromkeys(part for raw in _SEPARATORS.split(value) if (part := raw.strip())))
    for part in found:
        if len(part) > 60:
            raise BadValue(f"“{part[:20]}…”超过 60 个字", "请用“；”分隔各项，每项不超过 60 个字。")
    return found


def validities(value: str) -> dict[str, str]:
    """Last days by name, ``资质:到期日`` each, separated by 、 or ；; a name without a day has no term."""
    found = {}
    for part in names(value):
        name, _, until = part.replace("：", ":").partition(":")
        if not name.strip():
            raise BadValue(f"“{part[:20]}”的写法无法识别", "请写成 资质:到期日，例如 食品安全检查:2027-06-30。")
        if until.strip():
            found[name.strip()] = day(until.strip()).isoformat()
    return found


def permits(value: str) -> list[dict[str, str]]:
    """Permits, ``名称|编号|发证日期|有效期至|发证机关`` each, separated by ；."""
    return [_permit(part) for raw in re.split(r"[;；\n]+", value) if (part := raw.strip())]


def _permit(value: str) -> dict[str, str]:
    parts = [part.strip() for part in value.split("|")]
    if len(parts) > 5 or not parts[0]:
        raise BadValue(
            f"许可“{value[:30]}”的写法无法识别", "请写成 名称|编号|发证日期|有效期至|发证机关，多项用“；”分隔。"
        )
    parts += [""] * (5 - len(parts))
    name, number, issued, expires, issuer = parts
    if expires in {"长期", "长期有效"}:
        expires = ""
    return {
        "name": name,
        "number": number,
        "issued": day(issued).isoformat() if issued else "",
        "expires": day(expires).isoformat() if expires else "",
        "issuer": issuer,
    }


def credit_code(value: str) -> str:
    """A USCC of 18 letters and digits; its check characters are judged later, they only raise a doubt."""
    if _SCIENTIFIC.fullmatch(value):
        raise BadValue("被电子表格存成了数字，末几位已丢失", "请把该列设为文本格式，重新填写18位代码。")
    code = normalise(value)
    if len(code) == 18 and code.isascii() and code.isalnum():
        return code
    if len(code) == 15 and code.isdigit():
        raise BadValue("是15位注册号，不是统一社会信用代码", "请查询并填写18位统一社会信用代码。")
    raise BadValue(f"应为18位字母或数字，现为{len(code)}位", "请按营业执照填写18位统一社会信用代码。")


@lru_cache(maxsize=4096)
def region(value: str) -> str:
    """A division code of 6 digits or a sub-district's 9; longer statistical codes are cut to 9."""
    if value.isascii() and value.isdigit() and len(value) in (6, 9, 12):
        return value[:9]
    raise BadValue("不是6位或9位行政区划代码", "请填写6位区划代码或9位街道（镇）代码，例如 370105001。")


def regions(value: str) -> list[str]:
    """The division codes of an inspector's area (片区)."""
    return [region(part) for part in names(value)]


@lru_cache(maxsize=4096)
def industry(value: str) -> str:
    """An industry code of GB/T 4754-2017 with its section letter."""
    code = normalise_industry(value)
    if code is None:
        raise BadValue("不是GB/T 4754-2017的行业代码", "请填写门类字母加2至4位数字，例如 F5212。")
    return code


def industries(value: str) -> list[str]:
    return [industry(part) for part in names(value)]


@lru_cache(maxsize=256)
def grade(value: str) -> str:
    """A risk grade as the scheme in force spells it, without 级 or 类 (A, B, …)."""
    found = value.upper().removesuffix("级").removesuffix("类")
    if not found or len(found) > 8:
        raise BadValue("不是风险等级", "请填写等级代号，例如 A、B、C、D。")
    return found


def degrees(low: float, high: float, label: str) -> Parser:
    """A coordinate in decimal degrees within China's bounds."""

    def parse(value: str) -> float:
        try:
            found = float(value)
        except ValueError:
            found = float("nan")
        if not low <= found <= high:
            raise BadValue(f"不是有效的{label}", f"请填写十进制度数，范围 {low:g}–{high:g}（注意经度、纬度不要填反）。")
        return found

    return parse


def percent(value: str) -> int:
    """A ratio in per cent as parts per million: ``"3%"`` → 30000; over 0 and at most 100 %."""
    try:
        ppm = Decimal(value.replace("％", "%").removesuffix("%").strip()) * 10_000
    except InvalidOperation:
        ppm = Decimal(0)
    if not (ppm.is_finite() and 0 < ppm <= 1_000_000 and ppm == ppm.to_integral_value()):
        raise BadValue("不是有效的抽查比例", "请填写一个百分数，大于0、不超过100，最多四位小数，例如 3%。")
    return int(ppm)


def key_item(value: str) -> bool:
    """重点 or 一般 (R9)."""
    if value.startswith("重点"):
        return True
    if value.startswith("一般"):
        return False
    raise BadValue("应为“重点检查事项”或“一般检查事项”", "请填写 重点检查事项 或 一般检查事项。")


def public_code(limit: int) -> Parser:
    """A code that will be public: short, without blanks or separators, and never an ID number."""
    pattern = re.compile(rf"[0-9A-Za-z一-鿿._-]{{1,{limit}}}")

    def parse(value: str) -> str:
        if _ID_NUMBER.fullmatch(value):
            raise BadValue("像是身份证号，本系统不保存身份证号", "请改用单位编制的人员编号。")
        if not pattern.fullmatch(value):
            raise BadValue(
                "编号含有不能使用的字符或过长", f"请只用字母、数字、汉字、点和短横线，不超过 {limit} 个字符。"
            )
        return value

    return parse


def department_code(value: str) -> str:
    """A department's code: part of draw numbers and groups, so only capital letters, digits and hyphens."""
    code = value.upper()
    if not re.fullmatch(r"[0-9A-Z][0-9A-Z-]{1,15}", code):
        raise BadValue("不是部门编码", "请用 2 至 16 个字母、数字或短横线，例如 SCJG。")
    return code


#: 行政机关 take part in inspections; 办公室 (the government, an office) only approve or watch.
_DEPARTMENT_KINDS = {
    "行政机关": "organ", "机关": "organ", "部门": "organ", "ORGAN": "organ",
    "办公室": "office", "政府": "office", "区政府": "office", "OFFICE": "office",
}  # fmt: skip


def department_kind(value: str) -> str:
    """``organ`` or ``office``."""
    found = _DEPARTMENT_KINDS.get(value.upper())
    if found is None:
        raise BadValue("不是部门类型", "请填写 行政机关 或 办公室。")
    return found


def position(value: str) -> int:
    """A place in the official order."""
    if not re.fullmatch(r"\d{1,6}(?:\.0)?", value):
        raise BadValue("不是序号", "请填写整数，例如 10。")
    return int(float(value))


_LOGIN = re.compile(r"[0-9A-Za-z一-鿿._-]{2,64}")


def login(value: str) -> str:
    """What a person types to sign in; never an ID number."""
    if _ID_NUMBER.fullmatch(value):
        raise BadValue("像是身份证号，本系统不保存身份证号", "请改用单位编制的登录名，例如姓名拼音。")
    if not _LOGIN.fullmatch(value):
        raise BadValue("登录名含有不能使用的字符或长度不对", "请用 2 至 64 个字母、数字、汉字、点或短横线。")
    return value
