"""Statements that run on every request's way: written in SQLAlchemy Core, compiled once, run by the driver itself.

What SQLAlchemy does around a statement (cache, context, result object) costs several times what the driver
takes for it, and is the same every time.  Text, types and dialect remain SQLAlchemy's; connection and
transaction are those of the ``sa.Connection`` it runs on (docs/adr/0021-what-every-request-pays-for.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import sqlalchemy as sa
import sqlalchemy.exc

Parameters = Mapping[str, Any]
Row = tuple[Any, ...]
_Convert = Callable[[Any], Any]


class Prepared:
    """A statement of Core whose text never changes; ``columns`` are those an INSERT gives.

    Like ``Connection.execute`` it sees what the transaction wrote and raises errors of ``sqlalchemy.exc``;
    unlike it, it fills in no default of a column: every value is given.
    """

    def __init__(self, statement: Any, columns: Iterable[str] | None = None) -> None:
        self._statement, self._columns = statement, None if columns is None else list(columns)
        self._by_dialect: dict[str, _Compiled] = {}

    def first(self, connection: sa.Connection, parameters: Parameters) -> Row | None:
        """The first row, or None."""
        compiled = self._compiled(connection)
        found = compiled.ask(connection, parameters, _first)
        return None if found is None else compiled.row(found)

    def all(self, connection: sa.Connection, parameters: Parameters) -> list[Row]:
        """Every row."""
        compiled = self._compiled(connection)
        return list(map(compiled.row, compiled.ask(connection, parameters, _all)))

    def run(self, connection: sa.Connection, parameters: Parameters) -> int:
        """Change rows; returns how many."""
        changed: int = self._compiled(connection).ask(connection, parameters, _changed)
        return changed

    def run_each(self, connection: sa.Connection, rows: Sequence[Parameters]) -> None:
        """Change rows with each of some parameters."""
        compiled = self._compiled(connection)
        if len(rows) == 1:
            compiled.ask(connection, rows[0], _changed)
        else:
            compiled.repeat(connection, rows)

    def copy(self, connection: sa.Connection, table: str, rows: Sequence[Parameters]) -> None:
        """Insert many rows by PostgreSQL's COPY: neither side looks at a statement for each."""
        self._compiled(connection).copy(connection, table, rows)

    def _compiled(self, connection: sa.Connection) -> _Compiled:
        found = self._by_dialect.get(connection.dialect.name)
        if found is None:
            found = _Compiled(self._statement, self._columns, connection.dialect)
            self._by_dialect[connection.dialect.name] = found
        return found


def _first(cursor: Any) -> Any:
    return cursor.fetchone()


def _all(cursor: Any) -> Any:
    return cursor.fetchall()


def _changed(cursor: Any) -> Any:
    return cursor.rowcount


class _Compiled:
    """A statement in the words of one dialect, and what its types make of values on the way in and out."""

    def __init__(self, statement: Any, columns: list[str] | None, dialect: sa.Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        if compiled.post_compile_params or compiled.literal_execute_params or getattr(compiled, "prefetch", ()):
            raise TypeError("a prepared statement has one text and is given every value")
        self._text: str = compiled.string
        self._error: type[Exception] = dialect.loaded_dbapi.Error
        self._order: list[str] | None = compiled.positiontup
        self._wanted: list[tuple[str, _Convert | None]] = []
        self._fixed: dict[str, Any] = {}
        for name, bind in compiled.binds.items():
            convert: _Convert | None = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if bind.required:
                self._wanted.append((name, convert))
            else:
                self._fixed[name] = bind.effective_value if convert is None else convert(bind.effective_value)
        shown = getattr(statement, "selected_columns", ())
        reads = [(place, c.type.dialect_impl(dialect).result_processor(dialect, None)) for place, c in enumerate(shown)]
        self._reads: list[tuple[int, _Convert]] = [(place, read) for place, read in reads if read is not None]

    def row(self, answer: Sequence[Any]) -> Row:
        """An answer of the driver with every value as its column's type gives it."""
        if not self._reads:
            return tuple(answer)
        row = list(answer)
        for place, read in self._reads:
            row[place] = read(row[place])
        return tuple(row)

    def ask(self, connection: sa.Connection, parameters: Parameters, answer: Callable[[Any], Any]) -> Any:
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self._text, self._values(parameters))
            found = answer(cursor)
        except self._error as error:
            self._refuse(connection, parameters, error)
        cursor.close()
        return found

    def repeat(self, connection: sa.Connection, rows: Sequence[Parameters]) -> None:
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(self._text, self._each(rows))
        except self._error as error:
            self._refuse(connection, rows, error)
        cursor.close()

    def copy(self, connection: sa.Connection, table: str, rows: Sequence[Parameters]) -> None:
        driver: Any = connection.connection.driver_connection
        names = [name for name, _ in self._wanted]
        try:
            with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
                for row in zip(*self._by_column(rows).values(), strict=True):
                    copy.write_row(row)
        except self._error as error:
            self._refuse(connection, rows, error)

    def _each(self, rows: Sequence[Parameters]) -> list[Any]:
        """The parameters of every row as the driver takes them."""
        columns = self._by_column(rows) | {name: [value] * len(rows) for name, value in self._fixed.items()}
        if self._order is None:
            return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        return list(zip(*(columns[name] for name in self._order), strict=True))

    def _by_column(self, rows: Sequence[Parameters]) -> dict[str, list[Any]]:
        """The values of every parameter; what is one and the same in all rows is converted once."""
        columns: dict[str, list[Any]] = {}
        for name, convert in self._wanted:
            values = [row[name] for row in rows]
            if convert is not None:
                first = values[0]
                alike = all(value is first for value in values)
                values = [convert(first)] * len(rows) if alike else list(map(convert, values))
            columns[name] = values
        return columns

    def _values(self, given: Parameters) -> Any:
        found = {name: given[name] if convert is None else convert(given[name]) for name, convert in self._wanted}
        if self._fixed:
            found |= self._fixed
        return found if self._order is None else [found[name] for name in self._order]

    def _refuse(self, connection: sa.Connection, parameters: Any, error: Exception) -> NoReturn:
        """The driver's error as SQLAlchemy's."""
        if connection.dialect.is_disconnect(error, connection.connection.dbapi_connection, None):  # type: ignore[arg-type]
            connection.exec_driver_sql("SELECT 1")  # finds out as well, raises, and gives up what the pool holds
        raise sqlalchemy.exc.DBAPIError.instance(
            self._text, parameters, error, self._error, dialect=connection.dialect
        ) from error
