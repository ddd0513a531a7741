"""Read a process from its folder as the bundle that is linted and deployed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from engine.bpmn.xml import BPMN, decode, read_xml
from engine.errors import ModelRefused, NotFound


def process_folders(root: Path) -> list[Path]:
    """Folders below ``root`` that hold a diagram, by name.  Raises :class:`NotFound` when there is none."""
    found = sorted({path.parent for path in root.glob("*/*.bpmn")})
    if not found:
        raise NotFound(f"目录 {root} 中没有流程，请检查 LIANJIAN_PROCESS_DIR。")
    return found


def read_bundle(folder: Path, form_dir: Path) -> dict[str, str]:
    """File name → text of the folder's diagrams and tables and of every form and document the diagrams name.

    A form may stand in the folder itself (``forms/<key>.json``) or else in ``form_dir``, the template of an
    official document in ``documents/<key>.json`` of either; one that is missing is left out, which the linter
    reports.  Raises :class:`NotFound` when the folder has
    no diagram and :class:`ModelRefused` when a file's encoding cannot be read.
    """
    names = sorted(path for path in folder.glob("*") if path.suffix in {".bpmn", ".dmn"})
    if not any(path.suffix == ".bpmn" for path in names):
        raise NotFound(f"目录 {folder} 中没有流程图（*.bpmn）。")
    bundle = {path.name: decode(path.read_bytes(), path.name) for path in names}
    _add_named(bundle, [folder], form_dir)
    return bundle


def read_files(paths: Sequence[Path], form_dir: Path) -> dict[str, str]:
    """One bundle of single files: ``.dmn`` tables, ``.json`` forms and documents, diagrams under any other name.

    Forms and documents that are not among the files are looked for beside each file (``forms/<key>.json``,
    ``documents/<key>.json``) and in ``form_dir``.  Raises :class:`ModelRefused` with every file whose encoding
    cannot be read.
    """
    bundle: dict[str, str] = {}
    unreadable: list[dict[str, Any]] = []
    for path in paths:
        stem = path.name.split(".")[0] if path.name.endswith((".bpmn20.xml", ".form.json")) else path.stem
        try:
            text = decode(path.read_bytes(), path.name)
        except ModelRefused as refusal:
            unreadable += refusal.findings
            continue
        json = f"{folder_of(text)}/{{}}.json"
        kind = {".dmn": "{}.dmn", ".json": json, ".form": json}.get(path.suffix.lower(), "{}.bpmn")
        name, count = kind.format(stem), 1
        while name in bundle:
            count += 1
            name = kind.format(f"{stem}-{count}")
        bundle[name] = text
    if unreadable:
        raise ModelRefused("有文件无法读取。", unreadable)
    _add_named(bundle, list(dict.fromkeys(path.parent for path in paths)), form_dir)
    return bundle


def with_imported(paths: Sequence[Path]) -> list[Path]:
    """The files and the diagrams they import that lie beside them, and what those import in turn."""
    found = list(paths)
    known = {path.resolve() for path in paths}
    for path in found:
        for name in _imported(path):
            beside = path.parent / name
            if Path(name).name == name and beside.is_file() and beside.resolve() not in known:
                known.add(beside.resolve())
                found.append(beside)
    return found


def _imported(path: Path) -> list[str]:
    """Where a diagram says that the BPMN files lie which it imports; nothing when it cannot be read."""
    try:
        root = read_xml(decode(path.read_bytes(), path.name), path.name)
    except ModelRefused:
        return []
    return [x.get("location", "") for x in root.iterfind(f"{{{BPMN}}}import") if x.get("importType") == BPMN]


def _add_named(bundle: dict[str, str], folders: Sequence[Path], form_dir: Path) -> None:
    """Add forms and documents the diagrams name and the bundle lacks, each from the first folder that has it."""
    for kind, shared in (("forms", form_dir), ("documents", form_dir / "documents")):
        diagrams = [name for name in bundle if name.endswith(".bpmn")]
        for key in sorted({key for name in diagrams for key in _named(bundle[name], name, kind)}):
            for folder in [*(folder / kind for folder in folders), shared]:
                path, name = folder / f"{key}.json", f"{kind}/{key}.json"
                if name not in bundle and path.is_file() and path.resolve().parent == folder.resolve():
                    bundle[name] = path.read_text("utf-8")


def folder_of(text: str) -> str:
    """Where a JSON file belongs in a bundle: a template of a document has blocks, a form has components."""
    try:
        raw = orjson.loads(text)
    except ValueError:
        return "forms"
    return "documents" if isinstance(raw, dict) and "blocks" in raw else "forms"


def property_names(bundle: Mapping[str, str]) -> set[str]:
    """Names of the product's own properties in the diagrams; a diagram of another tool has none."""
    return {name for file, text in bundle.items() if file.endswith(".bpmn") for name, _ in _properties(text, file)}


#: The property that names files of a folder.
_PROPERTY = {"forms": "form", "documents": "documents"}


def _named(text: str, name: str, kind: str) -> set[str]:
    values = [value for key, value in _properties(text, name) if key == _PROPERTY[kind]]
    return {key.strip() for value in values for key in value.split(",") if key.strip()}


def _properties(text: str, name: str) -> list[tuple[str, str]]:
    """Properties of a diagram; none when it cannot be read, which the linter reports."""
    try:
        root = read_xml(text, name)
    except ModelRefused:
        return []
    return [(p.get("name", ""), p.get("value", "")) for p in root.iterfind(".//{*}properties/{*}property")]
