"""Reading DMN files into one requirement graph: every defect becomes a finding, none stops the reading."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from engine.bpmn.decision_boxes import LOGIC, BoxReader
from engine.bpmn.decision_graph import Decision, Element, File, Graph, InputData, Key, Knowledge, Service
from engine.bpmn.decision_logic import Literal
from engine.bpmn.decision_texts import child, children, name_of, tag, text_of, type_of
from engine.bpmn.xml import read_xml
from engine.errors import ExpressionError, ModelRefused
from engine.expressions import parse_unary_tests
from engine.expressions.builtins import BUILTINS
from engine.expressions.types import Type, list_of, named

MAX_DECLARED = 20
#: Names of several words are looked for at every word of every expression.
MAX_NAMES = 2_000
_NAMESPACES = ("http://www.omg.org/spec/DMN/", "https://www.omg.org/spec/DMN/")
_NAMED = (
    "inputData", "decision", "variable", "itemDefinition", "itemComponent", "formalParameter", "parameter",
    "businessKnowledgeModel", "decisionService", "output", "column", "import", "parameters",
)  # fmt: skip


class DecisionReader(BoxReader):
    """Collects elements and findings over several files: ``read`` each, then ``link``."""

    def __init__(self) -> None:
        super().__init__()
        self.graph = Graph()
        self.unreadable = False
        self._roots: list[tuple[File, etree._Element]] = []
        self._anchors: dict[Key, etree._Element] = {}
        self._calls: dict[Key, set[str]] = {}
        #: the ids of a file's elements by name
        self._declared: dict[str, dict[str, str]] = {}

    def read(self, content: bytes | str) -> None:
        """Take in one file."""
        root = self._root(content)
        if root is None:
            self.unreadable = True
            return
        names = {name_of(element) for element in root.iter(*(f"{{*}}{tag}" for tag in _NAMED))}
        names |= {
            " ".join((e.get("iteratorVariable") or "").split()) for e in root.iter("{*}for", "{*}some", "{*}every")
        }
        self.names |= {name for name in names if name and (not name.replace("_", "a").isalnum() or name in BUILTINS)}
        if len(self.names) > MAX_NAMES:
            self.find(root, f"有空格或符号的名称超过 {MAX_NAMES} 个", "请缩短名称或拆成几次部署")
            self.names = frozenset(sorted(self.names)[:MAX_NAMES])
        language = root.get("expressionLanguage") or ""
        if language and "feel" not in language.lower():
            self.find(root, f"不支持表达式语言“{language}”，只支持 FEEL", "请改写成 FEEL 表达式")
        namespace = root.get("namespace") or f"file-{len(self._roots)}"
        file = self.graph.files.setdefault(namespace, File(namespace, root.get("name") or ""))
        for element in children(root, "import"):
            file.imports[element.get("namespace") or ""] = name_of(element) if element.get("name") else ""
        self._roots.append((file, root))
        kinds = ("inputData", "decision", "businessKnowledgeModel", "decisionService")
        elements = {name_of(one): one.get("id") or name_of(one) for one in children(root, *kinds)}
        self._declared.setdefault(namespace, {}).update(elements)

    def _root(self, content: bytes | str) -> etree._Element | None:
        try:
            root = read_xml(content, "决策表文件")
        except ModelRefused as refusal:
            self.findings += refusal.findings
            return None
        own = etree.QName(root).namespace or ""
        # Some modellers declare the standard's namespace and put the elements into the file's own or none.
        declared = own in ("", root.get("namespace") or "") and any(
            known.startswith(_NAMESPACES) for known in root.nsmap.values()
        )
        if tag(root) != "definitions" or not (own.startswith(_NAMESPACES) or declared):
            self.find(root, "这不是 DMN 决策表文件", "请上传扩展名为 .dmn 的文件")
            return None
        return root

    def link(self) -> None:
        """Read the elements of all files, check that what they require exists and nothing requires itself."""
        for file, root in self._roots:
            for definition in children(root, "itemDefinition"):
                file.types[name_of(definition)] = self._type(definition, 0)
        self.graph.link_types()
        for file, root in self._roots:
            self._unknown_types(file, root)
        makers: dict[str, Callable[[etree._Element, File], Element | None]] = {
            "inputData": self._input_data, "decision": self._decision,
            "businessKnowledgeModel": self._knowledge, "decisionService": self._service,
        }  # fmt: skip
        for file, root in self._roots:
            for element in root:
                if tag(element) in makers:
                    self._element(element, file, makers[tag(element)])
        for found in list(self.graph.elements.values()):
            for key in self.graph.required(found):
                if key not in self.graph.elements:
                    kind = "决策" if isinstance(found, Decision) else "业务知识模型或决策服务"
                    self._about(found, f"{kind}“{found.name}”依赖的决策“{key[1]}”不存在", "请一并上传或删除该依赖")
        self._circles()
        self.graph.finish()
        for found in [one for one in self.graph.elements.values() if isinstance(one, Decision)]:
            self._borrows(found)
            same = [one for one in self.graph.find(found.id, (Decision,)) if one.id == found.id]
            if found in same[1:] and not self.graph.is_imported(found):
                self._about(found, f"有两个决策的 id 都是“{found.id}”", "请修改其中一个")

    def check_functions(self, supplied: frozenset[str]) -> None:
        """Find calls of functions that nobody defines."""
        known = supplied | {name for one in self.graph.elements.values() for name in (one.name, one.variable)}
        for key, called in self._calls.items():
            for name in sorted(called - known):
                self.find(self._anchors[key], f"调用了不存在的函数“{name}”", "请检查拼写，可用的函数见表达式说明")

    # -------- elements

    def _element(
        self, element: etree._Element, file: File, make: Callable[[etree._Element, File], Element | None]
    ) -> None:
        identifier = element.get("id") or name_of(element)
        self.begin()
        if not element.get("id"):
            self.find(element, f"决策“{identifier}”没有 id", "请在建模工具中填写 id")
        if (file.namespace, identifier) in self.graph.elements:
            self.find(element, f"有两个决策的 id 都是“{identifier}”", "请修改其中一个")
            return
        self.troubles, self.types = [], file.types
        made = make(element, file)
        if made is None:
            return
        self.graph.elements[made.key] = made
        self._anchors[made.key] = element
        self._calls[made.key] = self.called_names - self.own_names
        if isinstance(made, Decision):
            self._invisible(made, element)
        if self.troubles:
            self.graph.broken[made.key] = self.troubles

    def _invisible(self, made: Decision, element: etree._Element) -> None:
        """A name the file declares can only be read through a requirement; without one it is null."""
        declared = self._declared[made.key[0]]
        required = {key[1] for key in made.requires} | {made.key[1]}
        for name in sorted(self.read_names & declared.keys() - self.own_names):
            if declared[name] not in required:
                self.doubt(
                    element, f"决策“{made.name}”读取了“{name}”，但没有用连线表示依赖，按标准读不到",
                    f"请从“{name}”到“{made.name}”画一条需求连线（informationRequirement 或 knowledgeRequirement）",
                )  # fmt: skip

    def _input_data(self, element: etree._Element, file: File) -> Element:
        variable = child(element, "variable")
        name = name_of(element)
        return InputData(self._key(element, file), name, name_of(variable) or name, type_of(variable))

    def _decision(self, element: etree._Element, file: File) -> Element:
        name = name_of(element)
        body = child(element, *LOGIC)
        if body is None:
            self.find(element, f"决策“{name}”没有内容", "请改用决策表或表达式")
        variable = child(element, "variable")
        return Decision(
            self._key(element, file), name, name_of(variable) or name, self.logic(body, name), type_of(variable),
            self._requires(element, file), frozenset(self.read_names),
            frozenset(self.certain_names - self.own_names),
        )  # fmt: skip

    def _knowledge(self, element: etree._Element, file: File) -> Element:
        name = name_of(element)
        encapsulated, variable = child(element, "encapsulatedLogic"), child(element, "variable")
        if encapsulated is None or child(encapsulated, *LOGIC) is None:
            self.find(element, f"业务知识模型“{name}”没有内容", "请填写参数和表达式")
            logic, parameters, types = Literal(None), (), ()
            return Knowledge(self._key(element, file), name, name, parameters, types, logic)
        made = self.function(encapsulated, name)
        return Knowledge(
            self._key(element, file), name, name_of(variable) or name, made.parameters, made.types, made.body,
            self._result_type(variable, file), self._requires(element, file),
        )  # fmt: skip

    def _service(self, element: etree._Element, file: File) -> Element:
        name, variable = name_of(element), child(element, "variable")

        def keys(part: str) -> tuple[Key, ...]:
            return tuple(self.graph.key(e.get("href") or "", file.namespace) for e in children(element, part))

        outputs = keys("outputDecision")
        if not outputs:
            self.find(element, f"决策服务“{name}”没有输出决策", "请至少指定一个输出决策")
        return Service(
            self._key(element, file), name, name_of(variable) or name, outputs, keys("inputDecision"),
            keys("inputData"), self._result_type(variable, file),
        )  # fmt: skip

    def _result_type(self, variable: etree._Element | None, file: File) -> Type | None:
        """The result of a function whose variable declares the function's own type or just its result."""
        declared = type_of(variable)
        known = file.types.get(declared.name) if declared is not None and declared.kind == "ref" else declared
        if known is not None and known.kind == "function":
            return known.items[-1] if known.items else None
        return declared

    def _key(self, element: etree._Element, file: File) -> Key:
        return file.namespace, element.get("id") or name_of(element)

    def _requires(self, element: etree._Element, file: File) -> tuple[Key, ...]:
        return tuple(
            self.graph.key(reference.get("href") or "", file.namespace)
            for requirement in children(element, "informationRequirement", "knowledgeRequirement")
            for reference in children(requirement, "requiredDecision", "requiredInput", "requiredKnowledge")
        )

    # -------- item definitions

    def _type(self, element: etree._Element, depth: int) -> Type:
        if depth > MAX_DECLARED:
            self.find(element, "数据类型嵌套过深", "请拆成几个类型")
            return Type("Any")
        components = list(children(element, "itemComponent"))
        function = child(element, "functionItem")
        if function is not None:
            parameters = tuple(type_of(p) or named("Any") for p in children(function, "parameters"))
            result = (function.get("outputTypeRef") or "Any").rpartition(":")[2]
            made = Type("function", items=(*parameters, named(result)))
        elif components:
            made = Type("context", fields=tuple((name_of(c), self._type(c, depth + 1)) for c in components))
        else:
            made = type_of(element) or Type("Any")
        allowed = self._allowed(child(element, "allowedValues"))
        if allowed is not None:
            made = Type("Any", base=made, allowed=allowed)
        if element.get("isCollection") == "true":
            made = list_of(made)
        constraint = self._allowed(child(element, "typeConstraint"))
        return Type("Any", base=made, allowed=constraint) if constraint is not None else made

    def _allowed(self, element: etree._Element | None) -> object:
        text = text_of(element)
        if element is None or not text:
            return None
        try:
            return parse_unary_tests(text, self.names, True)
        except ExpressionError as error:
            self.find(element, f"允许的值有误：{error.message}", "请按提示修改")
            return None

    def _unknown_types(self, file: File, root: etree._Element) -> None:
        """A type that nobody declares would let every value pass."""
        for element in root.iter("{*}*"):
            wanted = type_of(element)
            if wanted is not None and wanted.kind == "ref" and wanted.name not in file.types:
                self.doubt(element, f"类型“{wanted.name}”没有定义", "请定义该数据类型，或改用 string、number 等")

    # -------- requirements

    def _circles(self) -> None:
        done: set[Key] = set()
        for start, element in self.graph.elements.items():
            if isinstance(element, Decision) and start not in done and self._circular(start, done):
                self._about(element, f"决策“{element.name}”循环依赖自己", "请断开其中一个依赖")
                return

    def _circular(self, start: Key, done: set[Key]) -> bool:
        trail = [start]
        stack = [iter(self._decisions_of(start))]
        while stack:
            following = next(stack[-1], None)
            if following is None:
                stack.pop()
                done.add(trail.pop())
            elif following in trail:
                return True
            elif following not in done:
                trail.append(following)
                stack.append(iter(self._decisions_of(following)))
        return False

    def _decisions_of(self, key: Key) -> list[Key]:
        return [k for k in self.graph.required(self.graph.elements[key]) if self._is_decision(k)]

    def _borrows(self, element: Decision) -> None:
        """A required decision read by its id or output column: other tools may not; of two it is not clear which."""
        for name, owners in self.graph.borrowed(element).items():
            names = "、".join(dict.fromkeys(f"“{owner.name}”" for owner, _ in owners))
            self.doubt(
                self._anchors[element.key], f"决策“{element.name}”读取的“{name}”是决策{names}的编号或者输出列",
                f"按标准应写决策的名称{names}", "error" if len(owners) > 1 else "warning",
            )  # fmt: skip

    def _is_decision(self, key: Key) -> bool:
        return isinstance(self.graph.elements.get(key), Decision)

    def _about(self, element: Element, message: str, remedy: str) -> None:
        self.find(self._anchors[element.key], message, remedy)
        self.graph.broken.setdefault(element.key, []).append(message)
