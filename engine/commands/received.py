"""What comes from outside is looked at before anything is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from engine.bpmn.keeping import jsonable
from engine.errors import InvalidInput, ServiceTaskFailed


def received(values: Mapping[str, Any], what: str) -> dict[str, Any]:
    """``values`` as data an instance can keep; ``what`` names them for people.

    Raises :class:`InvalidInput` for what is too deep, too large or no text.
    """
    try:
        kept: dict[str, Any] = jsonable(dict(values))
        orjson.dumps(kept)
    except ServiceTaskFailed as failure:
        raise InvalidInput(f"{what}无法使用：{failure.message}") from None
    except TypeError:  # half a character, for instance
        raise InvalidInput(f"{what}含有无效的字符，请改正后重试。") from None
    return kept
