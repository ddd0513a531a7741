"""Values as an instance keeps them: JSON data of bounded size."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.bpmn.spending import Spending
from engine.errors import Runaway, ServiceTaskFailed
from engine.expressions import duration_text

#: Values (leaves and containers) that one name may hold; more can only be a runaway.
MAX_VALUES = 200_000
MAX_DEPTH = 64
#: So many characters of a text count as one more value.
TEXT_PER_VALUE = 50
#: Bytes of one saved instance.
MAX_STATE = 32 * 1024 * 1024
_LARGEST = 2**63


def jsonable(value: Any, spending: Spending | None = None) -> Any:
    """A value that JSON keeps exactly: dates become ISO text, decimals numbers, tuples lists.

    Raises :class:`Runaway` for more than :data:`MAX_VALUES` values or than what is left of ``spending``,
    :class:`ServiceTaskFailed` for data deeper than :data:`MAX_DEPTH`.
    """
    kind = type(value)
    if value is None or kind is bool or (kind is str and len(value) < TEXT_PER_VALUE):
        return value
    budget = [MAX_VALUES]
    try:
        kept = _kept(value, budget, MAX_DEPTH)
    except Runaway as error:
        error.details.update(spending.limits.of if spending is not None else {})
        raise
    if spending is not None:
        spending.write(MAX_VALUES - budget[0])
    return kept


def _kept(value: Any, budget: list[int], depth: int) -> Any:
    budget[0] -= 1
    if isinstance(value, str):
        budget[0] -= len(value) // TEXT_PER_VALUE
    if budget[0] < 0:
        raise Runaway(f"一个名称下的数据超过 {MAX_VALUES} 项，疑似失控，已停止。")
    if value is None or isinstance(value, bool | str | float):
        return value
    if isinstance(value, int):
        return value if -_LARGEST <= value < _LARGEST else _float(value)
    if isinstance(value, Decimal):
        whole = value.is_finite() and abs(value) < _LARGEST and value == value.to_integral_value()
        return int(value) if whole else _float(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return duration_text(value)
    if depth == 0:
        raise ServiceTaskFailed(f"数据嵌套超过 {MAX_DEPTH} 层，无法保存。")
    if isinstance(value, Mapping):
        return {str(k): _kept(v, budget, depth - 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_kept(v, budget, depth - 1) for v in value]
    return str(value)


def _float(value: int | Decimal) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ServiceTaskFailed("数字过大，超出可保存的范围。") from None
