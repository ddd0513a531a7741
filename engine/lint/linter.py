"""All findings about a deployment at once.

A rule is a module of :mod:`engine.lint.rules` with a function ``check(model)`` that yields
problems; its name (with hyphens) is the rule's id and the name of its page in
``docs/reference/lint`` and of its two diagrams in ``tests/lint``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from engine.bpmn.xml import BPMN, RULE, read_xml
from engine.errors import ModelRefused
from engine.lint import rules as _rules
from engine.lint.finding import WORDS, Finding, Problem
from engine.lint.model import Diagram, Model, read_diagram, read_json
from engine.service_tasks import ServiceInfo

Rule = Callable[[Model], Iterator[Problem]]

#: Rules that judge a file by itself; the only ones asked when a diagram cannot be read, whose steps all others miss.
_BY_ITSELF = frozenset({RULE, "schema", "unique-ids", "form-schema"})
#: Causes come first: the XML, what refers to nothing, forms.
_CAUSES = (
    RULE, "schema", "unique-ids", "missing-ids", "imports", "references", "flow-ends", "lanes", "form-schema",
    "known-forms", "known-decisions", "known-services", "known-roles", "known-hooks", "known-documents",
    "known-properties", "known-functions",
)  # fmt: skip
#: What mostly follows from another fault comes last.
_CONSEQUENCES = (
    "incoming-outgoing", "gateway-degree", "unreachable-nodes", "dead-ends", "join-deadlocks", "endless-loops",
    "token-floods", "names-read", "document-schema",
)  # fmt: skip
#: While these are broken, nobody knows which fields a document may use.
_FIELDS = frozenset({RULE, "schema", "unique-ids", "form-schema", "known-forms"})
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
    Never raises for a bad model: what cannot be read is a finding.  Errors come first, then what is not supported;
    of one severity, causes come before what follows from them.  Beside a diagram that cannot be read, only what
    stands on its own is judged; while forms are broken, templates of documents are not compared with their fields.
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
    unread = {f.file.lower().endswith(".dmn") for f in findings}  # True: a table, False: a diagram
    for identity, check in sorted(all_rules().items(), key=lambda rule: _rank(rule[0])):
        if (False in unread and identity not in _BY_ITSELF) or (True in unread and identity == "known-decisions"):
            continue
        if identity == "document-schema" and any(f.refuses and f.rule in _FIELDS for f in findings):
            model = replace(model, services=None)
        findings += [
            Finding(identity, p.severity, p.file, p.element, p.message, p.remedy) for p in dict.fromkeys(check(model))
        ]
    return sorted(findings, key=lambda f: (_ORDER.index(f.severity), _rank(f.rule)))


def _rank(rule: str) -> int:
    """Where findings of a rule stand among others of their severity; rules of one rank keep their names' order."""
    if rule in _CAUSES:
        return _CAUSES.index(rule)
    return len(_CAUSES) + 1 + (_CONSEQUENCES.index(rule) if rule in _CONSEQUENCES else -1)


def _forms(files: Mapping[str, str]) -> dict[str, object]:
    return {
        name.removeprefix("forms/").removesuffix(".json"): read_json(text)
        for name, text in files.items()
        if name.startswith("forms/") and name.endswith(".json")
    }
