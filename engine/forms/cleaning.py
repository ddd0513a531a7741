"""From what a person typed to clean JSON data, one function a component type.

Every function gets the component, the raw value (never blank) and the form context, and
returns the clean value or raises marshmallow's ValidationError with Chinese messages that
name the field and the remedy.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from marshmallow import ValidationError

from engine.expressions.patterns import compile_pattern
from engine.expressions.temporal import CHINA, read_date, read_datetime, read_time
from engine.expressions.values import Failure
from engine.forms.components import (
    FILES,
    IMPLICIT_LENGTH,
    MAX_PICKED,
    PICKERS,
    Component,
)

MAX_SIGNATURE = 200 * 1024
_ID = re.compile(r"[^\s\x00-\x1f\x7f]{1,100}")
#: Control characters other than line feed and tab, and halves of characters: no text in any script needs them.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_PNG_HEADER = b"\x89PNG\r\n\x1a\n"
_SIGNATURE_PREFIX = "data:image/png;base64,"


def is_blank(component: Component, raw: Any) -> bool:
    """Whether nothing was filled in."""
    if raw is None or raw == "" or raw == [] or raw == {}:
        return True
    return isinstance(raw, str) and not raw.strip()


def missing_message(component: Component) -> str:
    """What a required field says when it is blank."""
    kind, label = component.type, component.label
    if kind in ("select", "radio", "checklist") or kind in PICKERS:
        return f"请选择“{label}”。"
    if kind in FILES:
        return f"请上传“{label}”。"
    verb = {
        "checkbox": "请勾选",
        "signature": "请完成签名：",
        "location": "请先定位：",
        "dynamiclist": "请至少添加一行",
    }
    return f"{verb.get(kind, '请填写')}“{label}”。"


def clean(component: Component, raw: Any, context: Mapping[str, Any]) -> Any:
    """The clean value of a field that is not blank; raises ValidationError."""
    return CLEANERS[component.type](component, raw, context)


def _refuse(message: str) -> ValidationError:
    return ValidationError([message])


# ------------------------------------------------------------------ texts and numbers


def _text(component: Component, raw: Any, context: Mapping[str, Any]) -> str:
    label, rules = component.label, component.validate
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
        raise _refuse(f"“{label}”应为文字。")
    text = str(raw).replace("\r\n", "\n").replace("\r", "\n").strip()
    if _CONTROL.search(text):
        raise _refuse(f"“{label}”含有无法保存的控制字符，请重新输入。")
    if component.type == "textfield" and "\n" in text:
        raise _refuse(f"“{label}”只能填写一行。")
    problems = []
    most, least = rules.get("maxLength") or IMPLICIT_LENGTH[component.type], rules.get("minLength") or 0
    if len(text) > most:
        problems.append(f"“{label}”最多 {most} 个字，现在是 {len(text)} 个。")
    if len(text) < least:
        problems.append(f"“{label}”至少 {least} 个字，现在是 {len(text)} 个。")
    if not problems:
        problems = _form_problems_of(component, text)
    if problems:
        raise ValidationError(problems)
    return text


def _form_problems_of(component: Component, text: str) -> list[str]:
    label, rules = component.label, component.validate
    if rules.get("pattern"):
        try:
            fits = compile_pattern(rules["pattern"]).fullmatch(text)
        except Failure as stop:
            return [f"“{label}”无法核对：{stop.message}。"]
        if not fits:
            return [f"“{label}”{rules.get('patternMessage') or '的格式不正确，请按说明填写。'}"]
    wanted = rules.get("format")
    if wanted == "uscc" and not is_uscc(text):
        return [f"“{label}”应为 18 位统一社会信用代码，请核对末位校验码。"]
    if wanted == "phone" and not re.fullmatch(r"[+\d][\d\- ]{4,24}", text):
        return [f"“{label}”应为电话号码，只含数字和连字符。"]
    return []


_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def is_uscc(text: str) -> bool:
    """Whether the check character fits (GB 32100-2015); the kernel may not import the registry's own module."""
    if len(text) != 18 or any(sign not in _USCC for sign in text):
        return False
    total = sum(_USCC.index(sign) * pow(3, place, 31) for place, sign in enumerate(text[:17]))
    return _USCC[-total % 31] == text[17]


def _number(component: Component, raw: Any, context: Mapping[str, Any]) -> int | float:
    label, rules = component.label, component.validate
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float, Decimal)):
        raise _refuse(f"“{label}”应为数字。")
    text = unicodedata.normalize("NFKC", str(raw)).strip()
    text = text.replace(",", "") if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", text) else text
    try:
        exact = (
            Decimal(text) if re.fullmatch(r"[+-]?(\d{1,30}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,2})?", text) else None
        )
    except InvalidOperation:
        exact = None
    if exact is None or not math.isfinite(float(exact)):
        raise _refuse(f"“{label}”应为数字，例如 12 或 3.5。")
    least, most = rules.get("min"), rules.get("max")
    if least is not None and exact < Decimal(str(least)):
        raise _refuse(f"“{label}”不能小于 {least}。")
    if most is not None and exact > Decimal(str(most)):
        raise _refuse(f"“{label}”不能大于 {most}。")
    digits = component.decimal_digits
    exponent = exact.normalize().as_tuple().exponent
    if digits is not None and isinstance(exponent, int) and -exponent > digits:
        raise _refuse(f"“{label}”应为整数。" if digits == 0 else f"“{label}”最多保留 {digits} 位小数。")
    whole = exact == exact.to_integral_value() and abs(exact) < 2**53
    return int(exact) if whole else float(exact)


# ------------------------------------------------------------------ dates


def _moment(component: Component, raw: Any, context: Mapping[str, Any]) -> str:
    label, kind = component.label, component.subtype
    if isinstance(raw, (datetime, date, time)):
        raw = raw.isoformat()
    if not isinstance(raw, str) or len(raw) > 60:
        raise _refuse(f"“{label}”的日期无法识别。")
    text = unicodedata.normalize("NFKC", raw).strip()
    if kind == "date":
        day = _lenient_date(text)
        if day is None:
            raise _refuse(f"“{label}”应为日期，例如 2026-01-20。")
        return _within(component, day.isoformat())
    if kind == "time":
        clock = read_time(text)
        if clock is None:
            raise _refuse(f"“{label}”应为时间，例如 09:30。")
        return _within(component, clock.strftime("%H:%M") if not clock.second else clock.strftime("%H:%M:%S"))
    moment = read_datetime(text.replace(" ", "T", 1))
    if moment is None:
        raise _refuse(f"“{label}”应为日期和时间，例如 2026-01-20 09:30。")
    # A browser's datetime-local has no zone; what officials type is civil time in China.
    return _within(component, (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).isoformat())


def _lenient_date(text: str) -> date | None:
    match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text)
    return read_date(f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}") if match else None


def _within(component: Component, text: str) -> str:
    least, most = component.validate.get("min"), component.validate.get("max")
    if least is not None and text[: len(least)] < least:
        raise _refuse(f"“{component.label}”不能早于 {least}。")
    if most is not None and text[: len(most)] > most:
        raise _refuse(f"“{component.label}”不能晚于 {most}。")
    return text


# ------------------------------------------------------------------ choices and pickers


def _checkbox(component: Component, raw: Any, context: Mapping[str, Any]) -> bool:
    if isinstance(raw, bool):
        return raw
    value = {
        "on": True,
        "true": True,
        "1": True,
        "yes": True,
        "off": False,
        "false": False,
        "0": False,
        "no": False,
    }.get(str(raw).strip().lower())
    if value is None:
        raise _refuse(f"“{component.label}”只能勾选或不勾选。")
    return value


def _choice(component: Component, raw: Any, context: Mapping[str, Any]) -> Any:
    if isinstance(raw, (list, tuple, Mapping)):
        raise _refuse(f"“{component.label}”只能选一项。")
    return _among(component, [raw], context)[0]


def _choices(component: Component, raw: Any, context: Mapping[str, Any]) -> list[Any]:
    return _counted(component, _among(component, _unique(component, raw), context), "选")


def _among(component: Component, chosen: list[Any], context: Mapping[str, Any]) -> list[Any]:
    offered = {str(option["value"]): option["value"] for option in component.options(context)}
    if not offered:
        raise _refuse(f"“{component.label}”目前没有可选的内容，请联系系统管理员。")
    strangers = [str(value)[:40] for value in chosen if str(value) not in offered]
    if strangers:
        raise _refuse(f"“{component.label}”没有“{'”“'.join(strangers[:3])}”这一选项，请重新选择。")
    return [offered[str(value)] for value in chosen]


def _unique(component: Component, raw: Any) -> list[Any]:
    found = list(raw) if isinstance(raw, (list, tuple)) else [raw]
    if len(found) > MAX_PICKED:
        raise _refuse(f"“{component.label}”最多 {MAX_PICKED} 项。")
    if any(isinstance(value, (list, tuple, Mapping)) for value in found):
        raise _refuse(f"“{component.label}”的内容无法识别，请重新选择。")
    return list(dict.fromkeys(value for value in found if value not in (None, "")))


def _counted(component: Component, found: list[Any], verb: str) -> list[Any]:
    least, most = component.validate.get("minItems"), component.validate.get("maxItems")
    if found and least is not None and len(found) < least:
        raise _refuse(f"“{component.label}”至少{verb} {least} 项，现在是 {len(found)} 项。")
    if most is not None and len(found) > most:
        raise _refuse(f"“{component.label}”最多{verb} {most} 项，现在是 {len(found)} 项。")
    return found


def _ids(component: Component, found: list[Any]) -> list[str]:
    ids = [str(value).strip() for value in found]
    if any(isinstance(value, (bool, float)) for value in found) or not all(map(_ID.fullmatch, ids)):
        raise _refuse(f"“{component.label}”的内容无法识别，请重新选择。")
    return ids


def _picker(component: Component, raw: Any, context: Mapping[str, Any]) -> Any:
    if not component.multiple and isinstance(raw, (list, tuple)) and len(raw) > 1:
        raise _refuse(f"“{component.label}”只能选一项。")
    found: list[Any] = _ids(component, _unique(component, raw))
    if component.values_key and component.values_key in context:
        found = _among(component, found, context)
    return _counted(component, found, "选") if component.multiple else (found[0] if found else None)


def _files(component: Component, raw: Any, context: Mapping[str, Any]) -> list[str]:
    return _counted(component, _ids(component, _unique(component, raw)), "上传")


# ------------------------------------------------------------------ evidence


def _signature(component: Component, raw: Any, context: Mapping[str, Any]) -> str:
    label = component.label
    if not isinstance(raw, str) or not raw.startswith(_SIGNATURE_PREFIX):
        raise _refuse(f"“{label}”应为手写签名图片，请重新签名。")
    if len(raw) > len(_SIGNATURE_PREFIX) + (MAX_SIGNATURE * 4 + 2) // 3 + 4:
        raise _refuse(f"“{label}”的图片超过 {MAX_SIGNATURE // 1024} KB，请重新签名。")
    try:
        content = base64.b64decode(raw[len(_SIGNATURE_PREFIX) :], validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content.startswith(_PNG_HEADER) or len(content) > MAX_SIGNATURE:
        raise _refuse(f"“{label}”的图片已损坏，请重新签名。")
    return raw


def _location(component: Component, raw: Any, context: Mapping[str, Any]) -> dict[str, Any]:
    label = component.label
    if isinstance(raw, str) and len(raw) <= 1_000:
        try:
            raw = orjson.loads(raw)
        except ValueError:
            raw = None
    if not isinstance(raw, Mapping):
        raise _refuse(f"“{label}”的定位无法识别，请重新定位。")
    try:
        lat, lng = float(raw["lat"]), float(raw["lng"])
        accuracy = float(raw["accuracy"]) if raw.get("accuracy") not in (None, "") else None
    except (KeyError, TypeError, ValueError):
        raise _refuse(f"“{label}”缺少经纬度，请重新定位。") from None
    if not (-90 <= lat <= 90 and -180 <= lng <= 180) or not (accuracy is None or 0 <= accuracy <= 1e7):
        raise _refuse(f"“{label}”的经纬度超出范围，请重新定位。")
    at = raw.get("at") or None
    moment = read_datetime(at) if isinstance(at, str) else None
    if at is not None and moment is None:
        raise _refuse(f"“{label}”的定位时间无法识别，请重新定位。")
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=CHINA)
    return {"lat": lat, "lng": lng, "accuracy": accuracy, "at": moment.isoformat() if moment else None}


CLEANERS: dict[str, Callable[[Component, Any, Mapping[str, Any]], Any]] = {
    "textfield": _text,
    "textarea": _text,
    "number": _number,
    "date": _moment,
    "datetime": _moment,
    "checkbox": _checkbox,
    "select": _choice,
    "radio": _choice,
    "checklist": _choices,
    "signature": _signature,
    "location": _location,
    **dict.fromkeys(PICKERS, _picker),
    **dict.fromkeys(FILES, _files),
}
