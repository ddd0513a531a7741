"""All findings about a deployment at once.

A rule is a module of :mod:`engine.lint.rules` with a function ``check(model)`` that yields
problems; its name (with hyphens) is the rule's id and the name of its page in
``docs/reference/lint`` and of its two diagrams in ``tests/lint``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from engine.bpmn.xml import BPMN, read_xml
from engine.errors import ModelRefused
from engine.lint import rules as _rules
from engine.lint.finding import WORDS, Finding, Problem
from engine.lint.model import Diagram, Model, read_diagram, read_json
from engine.service_tasks import ServiceInfo

Rule = Callable[[Model], Iterator[Problem]]

#: Rules that judge the XML itself; their findings come first, they often explain the others.
_FORM_RULES = ("schema", "unique-ids")
_ORDER = tuple(WORDS)


@lru_cache(maxsize=1)
def all_rules() -> dict[str, Rule]:
    """Every rule by its id, in a stable order."""
    found: dict[str, Rule] = {}
    for info in sorted(pkgutil.iter_modules(_rules.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{_rules.__name__}.{info.name}")
        found[info.name.replace("_", "-")] = module.check
    return found


def lint(
    files: Mapping[str, str],
    *,
    roles: frozenset[str] | None = None,
    services: Mapping[str, ServiceInfo] | None = None,
) -> list[Finding]:
    """Every reason why these files cannot be deployed, and every doubt about them.

    ``files`` maps names to texts: ``*.bpmn`` diagrams, ``*.dmn`` tables, ``forms/<key>.json``
    forms.  Without ``roles`` or ``services`` names of roles or service tasks are not checked.
    Never raises for a bad model: what cannot be read is a finding.  Errors come first, then what is not supported.
    """
    findings: list[Finding] = []
    diagrams: list[Diagram] = []
    decisions: set[str] = set()
    for name in sorted(files):
        lower = name.lower()
        if not lower.endswith((".bpmn", ".bpmn20.xml", ".dmn", ".xml")):
            continue
        try:
            root = read_xml(files[name], name)
        except ModelRefused as refusal:
            findings += [Finding(**f) for f in refusal.findings]
            continue
        if lower.endswith(".dmn"):
            decisions.update(d.get("id", "") for d in root.iter("{*}decision"))
        elif root.tag == f"{{{BPMN}}}definitions":
            diagrams.append(read_diagram(name, root))
        else:
            message = "文件的根元素不是 BPMN 2.0 的 definitions。"
            findings.append(Finding("schema", "error", name, "", message, "请用 BPMN 2.0 建模工具导出流程图。"))
    model = Model(diagrams, files, _forms(files), frozenset(decisions), roles, services)
    for identity, check in all_rules().items():
        findings += [
            Finding(identity, p.severity, p.file, p.element, p.message, p.remedy) for p in dict.fromkeys(check(model))
        ]
    return sorted(findings, key=lambda f: (_ORDER.index(f.severity), f.rule not in _FORM_RULES))


def _forms(files: Mapping[str, str]) -> dict[str, object]:
    return {
        name.removeprefix("forms/").removesuffix(".json"): read_json(text)
        for name, text in files.items()
        if name.startswith("forms/") and name.endswith(".json")
    }
