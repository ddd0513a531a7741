"""Import of the registries (检查对象、执法检查人员、抽查事项) in the provincial registries' columns.

:func:`import_registry` reads a stream, :func:`import_file` a file with its error list beside it.
Good rows stand whatever is wrong with others, and a second run of the same file changes nothing.
"""

from engine.inspection.registry_import.columns import COLUMNS, KINDS, Column
from engine.inspection.registry_import.importer import import_file, import_registry
from engine.inspection.registry_import.report import ImportReport, RowProblem

__all__ = ["COLUMNS", "KINDS", "Column", "ImportReport", "RowProblem", "import_file", "import_registry"]
