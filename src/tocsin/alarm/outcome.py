"""What became of one message to one person: handed over, or why not, and whether another try may help."""

import re

from msgspec import Struct

_PASSING_STATUS = {408, 409, 425, 429}

PROBLEMS = {
    "no_connection": "the service could not be reached",
    "no_answer": "the service did not answer in time",
    "no_host": "there is no host of this name",
    "forbidden": "its host is one that no message goes to",
    "address": "its address can't be read",
    "no_robot": "what answered there is no robot",
    "status": "the service refused it, status",
    "robot": "the robot refused it, code",
    "mail": "the mail server refused it, answer",
}
"""What a problem's word means; a number may follow."""


class Outcome(Struct, frozen=True):
    """What a service answered.

    Args:
        state: `sent`: it took the message over; `failed`; `gone`: the address has ended for ever.
        code: what was wrong, such as `no_connection`, `status 404`, `robot 93000`, `mail 535`.
        permanent: sending again would fail again.
    """

    state: str
    code: str = ""
    permanent: bool = False


SENT = Outcome("sent")


def outcome_of_status(status: int) -> Outcome:
    """Return what a status of HTTP means for a message."""
    permanent = (400 <= status < 500 and status not in _PASSING_STATUS) or 300 <= status < 400
    return Outcome("failed", code=f"status {status}", permanent=permanent)


def outcome_of_fault(fault: Exception) -> Outcome:
    """Return what a broken connection means: the next try may go through."""
    late = "timeout" in type(fault).__name__.lower()
    return Outcome("failed", code="no_answer" if late else "no_connection")


def outcome_of_lines(lines: list[str]) -> Outcome:
    """Return what apprise's own lines tell of a failure: they are all that it says."""
    text = "\n".join(lines)
    if status := re.search(r"error=(\d{3})\b", text):
        return outcome_of_status(int(status[1]))
    if mail := re.search(r"Exception: (?:.*?)\((\d{3}), b", text, re.DOTALL):
        return Outcome("failed", code=f"mail {mail[1]}", permanent=mail[1].startswith("5"))
    return Outcome("failed", code="no_answer" if "timed out" in text else "no_connection")


def read_problem(code: str) -> tuple[str, str]:
    """Return a problem as a sentence to translate and the number that follows it."""
    word, _, number = code.partition(" ")
    return PROBLEMS.get(word, word), number
