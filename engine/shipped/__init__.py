"""What ships with the system besides code.

In the source tree ``processes/``, ``forms/`` and ``migrations/`` stand beside
``engine/``; a wheel carries them as sub-packages of this one.  :func:`folder`
finds them in both.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parent.parent

#: The checked-out project, or None when the system runs from an installed wheel.
SOURCE_TREE: Path | None = _ROOT if (_ROOT / "setup.cfg").is_file() else None


def folder(name: str) -> Path:
    """The folder ``processes``, ``forms`` or ``migrations`` of this installation."""
    return (SOURCE_TREE or _HERE) / name
