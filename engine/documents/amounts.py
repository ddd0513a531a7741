"""Amounts of money as official documents write them: in figures, and in capitals that cannot be altered."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def in_capitals(amount: Decimal) -> str:
    """``6000`` → 陆仟元整, ``1080.5`` → 壹仟零捌拾元伍角; yuan, not negative, below 10^16."""
    fen = int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
    yuan, jiao, rest = fen // 100, fen // 10 % 10, fen % 10
    whole = f"{_whole(yuan)}元" if yuan or not fen else ""
    if not jiao and not rest:
        return f"{whole}整"
    gap = "零" if yuan and not jiao else ""
    return whole + gap + (f"{_DIGITS[jiao]}角" if jiao else "") + (f"{_DIGITS[rest]}分" if rest else "")


def _whole(yuan: int) -> str:
    words, gap = "", False
    for place in range(15, -1, -1):
        digit = yuan // 10**place % 10
        if digit:
            words += ("零" if gap and words else "") + _DIGITS[digit] + _PLACES[place % 4]
            gap = False
        else:
            gap = True
        if place % 4 == 0 and yuan // 10**place % 10**4:
            words += _GROUPS[place // 4]
    return words or "零"


def money(value: object) -> str:
    """``6000`` → 6000元（大写：陆仟元整）; nothing for what is no amount."""
    if value in (None, ""):
        return ""
    amount = Decimal(str(value))
    return f"{amount.normalize():f}元（大写：{in_capitals(amount)}）"
