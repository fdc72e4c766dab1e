"""Guesses: what is tried at which account, and the counters that each is counted at."""

from msgspec import Struct

from tocsin.access.bucket import Counter
from tocsin.alarm.signal import Kind
from tocsin.core.address import address_group, network_group

FREE_PER_PAIR, FREE_PER_ACCOUNT, FREE_IN_A_ROW = 5, 10, 100
FREE_PER_ADDRESS, FREE_PER_NETWORK, FREE_OVERALL = 20, 100, 1000
# What is tried with one kind of credential never locks another; passwords and links are one kind. A code is what
# somebody gets in by whose password is off.
_KINDS = frozenset({"passkey", "reader", "station", "pin", "api_key", "code", "printer", "wall"})
_TYPED = "secret"


class Guess(Struct, frozen=True):
    """One attempt: by which method, at which account, from where.

    Args:
        method: password, link, code, passkey, reader, pin, station, printer, api_key, wall.
        name_key: what the account is counted by: a sign-in name as `sign_in_key` spells it, or the like of `link:…`.
        device: the device cookie's secret, if the browser has one.
        merchant_id, operator_id: 0 for unknown accounts.
        name_digest, known_device: stand for name and cookie where those themselves are not at hand any more.
        tells, about: the kind of signal that a wrong secret is, and what it is about where that is no account.
        decoy: the name is one that nobody has; the limiter finds out by itself.
    """

    method: str
    name_key: str
    address: str
    device: str = ""
    merchant_id: int = 0
    operator_id: int = 0
    name_digest: str = ""
    known_device: str = ""
    decoy: bool = False
    tells: Kind = "credential_wrong"
    about: str = ""

    def kind(self) -> str:
        """Return the kind of credential that is counted together."""
        return self.method if self.method in _KINDS else _TYPED


def counters_of(guess: Guess) -> tuple[Counter, ...]:
    """Return what counts a named guess, in the order in which it is locked.

    The address comes first: one that has spent its budget makes no rows for the names it tries. The hottest row
    comes last, and the order is the same everywhere: no deadlocks, short waits.
    """
    kind, digest = guess.kind(), guess.name_digest
    if guess.known_device:
        return (Counter(f"device:{kind}:{digest}:{guess.known_device}", "delay", FREE_PER_PAIR, digest),)
    group = address_group(guess.address)
    address, network, overall = budgets_of(guess)
    mine = (
        Counter(f"account:{kind}:{digest}", "delay", FREE_PER_ACCOUNT, digest),
        Counter(f"pair:{kind}:{digest}:{group}", "delay", FREE_PER_PAIR, digest),
    )
    # Only what a person made up can be found by trying often enough.
    row = (row_of(digest),) if kind == _TYPED else ()
    return (address, network, *mine, *row, overall)


def budgets_of(guess: Guess) -> tuple[Counter, Counter, Counter]:
    """Return what an address, its network and all of them together may try in five minutes."""
    kind = guess.kind()
    return (
        Counter(f"address:{kind}:{address_group(guess.address)}", "budget", FREE_PER_ADDRESS),
        Counter(f"network:{kind}:{network_group(guess.address)}", "budget", FREE_PER_NETWORK),
        Counter(f"overall:{kind}", "budget", FREE_OVERALL),
    )


def row_of(digest: str) -> Counter:
    """Return what counts an account's failures in a row from unknown devices, until somebody resets it.

    Source: NIST SP 800-63B, throttling: no more than 100 consecutive failed attempts on an account.
    """
    return Counter(f"row:{digest}", "row", FREE_IN_A_ROW, digest)


def lane_of(counters: tuple[Counter, ...]) -> Counter:
    """Return the counter that lets one attempt through at a time."""
    return next(counter for counter in counters if counter.kind == "delay")
