"""Read a process from its folder as the bundle that is linted and deployed."""

from __future__ import annotations

from pathlib import Path

from engine.bpmn.xml import decode, read_xml
from engine.errors import ModelRefused, NotFound

_PROPERTY = "{http://spiffworkflow.org/bpmn/schema/1.0/core}property"


def process_folders(root: Path) -> list[Path]:
    """Folders below ``root`` that hold a diagram, by name.  Raises :class:`NotFound` when there is none."""
    found = sorted({path.parent for path in root.glob("*/*.bpmn")})
    if not found:
        raise NotFound(f"目录 {root} 中没有流程，请检查 LIANJIAN_PROCESS_DIR。")
    return found


def read_bundle(folder: Path, form_dir: Path) -> dict[str, str]:
    """File name → text of the folder's diagrams and tables and of every form the diagrams name.

    A form may stand in the folder itself (``forms/<key>.json``) or else in ``form_dir``; one that
    is missing is left out, which the linter reports.  Raises :class:`NotFound` when the folder has
    no diagram and :class:`ModelRefused` when a file's encoding cannot be read.
    """
    names = sorted(path for path in folder.glob("*") if path.suffix in {".bpmn", ".dmn"})
    if not any(path.suffix == ".bpmn" for path in names):
        raise NotFound(f"目录 {folder} 中没有流程图（*.bpmn）。")
    bundle = {path.name: decode(path.read_bytes(), path.name) for path in names}
    for key in sorted({key for name in list(bundle) if name.endswith(".bpmn") for key in _forms(bundle[name], name)}):
        own, shared = folder / "forms" / f"{key}.json", form_dir / f"{key}.json"
        path = own if own.is_file() else shared
        if path.is_file() and path.resolve().parent in (own.parent.resolve(), form_dir.resolve()):
            bundle[f"forms/{key}.json"] = path.read_text("utf-8")
    return bundle


def _forms(text: str, name: str) -> set[str]:
    """Keys of the forms a diagram names; none when it cannot be read, which the linter reports."""
    try:
        root = read_xml(text, name)
    except ModelRefused:
        return set()
    return {p.get("value", "") for p in root.iter(_PROPERTY) if p.get("name") == "form" and p.get("value")}
