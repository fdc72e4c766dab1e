"""Later: statements that nobody asks about wait, and go to a server together with the next one that is asked, in one round trip.

Each answer that is waited for costs two changes of processes and one of threads, which is more than most statements cost.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

Bound = dict[str, Any]


class Later:
    """The statements of one transaction on PostgreSQL that were not sent yet, in their order."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._waiting = connection, list[partial[Any]]()
        self._cursor: Any = None
        self._boxes = list[str]()

    def put(self, sql: str, bound: Bound | None = None, *, box: str = "") -> None:
        """Have a statement wait, of a box where it is one's."""
        self._note(box)
        self._waiting.append(partial(self._beside().execute, sql, bound))

    def put_many(self, sql: str, rows: Sequence[Bound], *, box: str = "") -> None:
        """Have a statement wait that runs once per row."""
        self._note(box)
        self._waiting.append(partial(self._beside().executemany, sql, rows))

    def ask(self, sql: str, bound: Bound, *, box: str) -> Any:
        """Have a statement wait on a cursor of its own, which has its answer when all are sent."""
        self._note(box)
        cursor = self._connection.cursor()
        self._waiting.append(partial(cursor.execute, sql, bound))
        return cursor

    def boxes(self) -> Sequence[str]:
        """Return whose statements wait, in their order."""
        return self._boxes if self._waiting else ()

    def _note(self, box: str) -> None:
        if not self._waiting:
            self._boxes = []  # not emptied: who sends the last ones still tells of them
        if box:
            self._boxes.append(box)

    def send(self, cursor: Any, sql: str, bound: Bound) -> None:
        """Send what waits, and a statement behind it; the cursor has its answer.

        Raises:
            Exception: the fault of the first that had one, whichever it was.
        """
        if self._waiting:
            self._send(partial(cursor.execute, sql, bound))
        else:
            cursor.execute(sql, bound)

    def waits(self) -> bool:
        """Tell whether something waits."""
        return bool(self._waiting)

    def settle(self) -> None:
        """Send what waits; raises as `send`."""
        self._send()

    def _send(self, *last: "partial[Any]") -> None:
        calls, self._waiting = [*self._waiting, *last], []
        if not calls:
            return
        aborted: Exception | None = None
        try:
            # Of one alone too: where it runs once per row, psycopg would make it.
            with self._connection.pipeline():
                for call in calls:
                    call()
        except Exception as fault:
            # psycopg tells of those behind it that they were not run; what it was stands behind that.
            aborted = fault.__context__ if isinstance(fault.__context__, Exception) else None
            if type(fault).__name__ != "PipelineAborted" or aborted is None:
                raise
        if aborted is not None:
            raise aborted

    def _beside(self) -> Any:
        if self._cursor is None:
            self._cursor = self._connection.cursor()
        return self._cursor
