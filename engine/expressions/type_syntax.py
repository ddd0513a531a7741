"""How types are written: after ``instance of`` and behind a parameter."""

from __future__ import annotations

from engine.expressions import types
from engine.expressions.cursor import MAX_DEPTH, Cursor

_GENERIC = frozenset({"list", "range", "context", "function"})
_KINDS = frozenset(
    {
        "number", "string", "boolean", "date", "time", "date and time", "list", "context", "Any", "any",
        "days and time duration", "years and months duration", "range", "null", "Null", "function",
    }
)  # fmt: skip


class TypeSyntax(Cursor):
    """Parses types."""

    def type(self) -> types.Type:
        """A type after ``instance of`` or a parameter's colon."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail("类型嵌套过深")
        start = self.token
        words: list[str] = []
        while (
            self.token.kind == "name"
            or self.sees("null")
            or (self.sees("and") and words in (["date"], ["days"], ["years"]))
        ):
            words.append(self.take().value)
        name = " ".join(words)
        while self.sees(".") and self.tokens[self.at + 1].kind == "name":
            self.take()
            name += "." + self.take().value
        if name in _GENERIC and self.accept("<"):
            found = self.generic(name)
        elif not name or (name not in _KINDS and not self.standard):
            raise self.fail(f"不认识的类型“{name}”", start)
        else:
            found = types.named(name)
        self.depth -= 1
        return found

    def generic(self, name: str) -> types.Type:
        items: list[types.Type] = []
        fields: list[tuple[str, types.Type]] = []
        while not self.sees(">"):
            if name == "context":
                words = [self.take().value]
                while self.token.kind in ("name", "keyword"):
                    words.append(self.take().value)
                self.expect(":", "context<…> 里应为“名称: 类型”")
                fields.append((" ".join(words), self.type()))
            else:
                items.append(self.type())
            if not self.accept(","):
                break
        self.expect(">", "类型的尖括号没有闭合")
        if name == "function":
            self.expect("->", "function<…> 之后应为 ->")
            items.append(self.type())
        return types.Type(name, items=tuple(items), fields=tuple(fields))
