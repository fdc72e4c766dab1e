"""A verification, broken on purpose: `python -m tests.proofs.broken_verify FAULT verify …`. The proof must miss an attack by each."""

import sys
from typing import Any

from tocsin.__main__ import main
from tocsin.core import seal_verify


def trust_entries() -> None:
    """Signatures are looked at, entries are not."""

    def look(sealed: Any, roots: dict[int, str]) -> seal_verify.SealBreach | None:
        for one in sealed.checkpoints():
            if not sealed.has_signed(one):
                return seal_verify.SealBreach("signature", one.size)
            if one.size in roots:
                roots[one.size] = one.root
        return None

    seal_verify._verify = look


def trust_signatures() -> None:
    """Whoever signed is believed, and what lies beside the key is not asked."""
    seal_verify._Sealed.has_signed = lambda *_: True  # type: ignore[method-assign]
    trust_database()


def trust_database() -> None:
    """What the database holds is all that there is."""

    def nothing(*_: Any) -> None:
        return None

    seal_verify._compare = nothing  # type: ignore[assignment]


FAULTS = {
    "trust_entries": trust_entries,
    "trust_signatures": trust_signatures,
    "trust_database": trust_database,
}

if __name__ == "__main__":
    FAULTS[sys.argv.pop(1)]()
    main()
