"""Read a process from its folder as the bundle that is linted and deployed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.bpmn.xml import decode, read_xml
from engine.errors import ModelRefused, NotFound


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
    _add_forms(bundle, [folder / "forms", form_dir])
    return bundle


def read_files(paths: Sequence[Path], form_dir: Path) -> dict[str, str]:
    """One bundle of single files: ``.dmn`` tables, ``.json`` forms, and diagrams under any other name.

    Forms that are not among the files are looked for beside each file (``forms/<key>.json``) and in
    ``form_dir``.  Raises :class:`ModelRefused` with every file whose encoding cannot be read.
    """
    bundle: dict[str, str] = {}
    unreadable: list[dict[str, Any]] = []
    for path in paths:
        stem = path.name.split(".")[0] if path.name.endswith((".bpmn20.xml", ".form.json")) else path.stem
        kind = {".dmn": "{}.dmn", ".json": "forms/{}.json", ".form": "forms/{}.json"}.get(
            path.suffix.lower(), "{}.bpmn"
        )
        name, count = kind.format(stem), 1
        while name in bundle:
            count += 1
            name = kind.format(f"{stem}-{count}")
        try:
            bundle[name] = decode(path.read_bytes(), path.name)
        except ModelRefused as refusal:
            unreadable += refusal.findings
    if unreadable:
        raise ModelRefused("有文件无法读取。", unreadable)
    _add_forms(bundle, [*dict.fromkeys(path.parent / "forms" for path in paths), form_dir])
    return bundle


def _add_forms(bundle: dict[str, str], folders: Sequence[Path]) -> None:
    """Add the forms the diagrams name and the bundle lacks, each from the first folder that has it."""
    for key in sorted({key for name in list(bundle) if name.endswith(".bpmn") for key in _forms(bundle[name], name)}):
        for folder in folders:
            path = folder / f"{key}.json"
            if f"forms/{key}.json" not in bundle and path.is_file() and path.resolve().parent == folder.resolve():
                bundle[f"forms/{key}.json"] = path.read_text("utf-8")


def property_names(bundle: Mapping[str, str]) -> set[str]:
    """Names of the product's own properties in the diagrams; a diagram of another tool has none."""
    return {name for file, text in bundle.items() if file.endswith(".bpmn") for name, _ in _properties(text, file)}


def _forms(text: str, name: str) -> set[str]:
    return {value for key, value in _properties(text, name) if key == "form" and value}


def _properties(text: str, name: str) -> list[tuple[str, str]]:
    """Properties of a diagram; none when it cannot be read, which the linter reports."""
    try:
        root = read_xml(text, name)
    except ModelRefused:
        return []
    return [(p.get("name", ""), p.get("value", "")) for p in root.iterfind(".//{*}properties/{*}property")]
