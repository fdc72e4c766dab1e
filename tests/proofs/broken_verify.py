"""A verification, broken on purpose: `python -m tests.proofs.broken_verify FAULT verify …`. The proof must miss an attack by each."""

import sys
from typing import Any

from tocsin.__main__ import main
from tocsin.core import seal


def trust_entries() -> None:
    """Signatures are looked at, entries are not."""
    seal._verify = lambda tx, checkpoints: next(  # type: ignore[assignment]
        (seal.SealBreach("signature", one.size) for one in checkpoints if not seal._is_signed(tx, one)), None
    )


def trust_signatures() -> None:
    """Whoever signed is believed, and what lies beside the key is not asked."""
    seal._is_signed = lambda *_: True  # type: ignore[assignment]
    trust_database()


def trust_database() -> None:
    """What the database holds is all that there is."""

    def nothing(*_: Any) -> None:
        return None

    seal._compare = nothing  # type: ignore[assignment]


FAULTS = {
    "trust_entries": trust_entries,
    "trust_signatures": trust_signatures,
    "trust_database": trust_database,
}

if __name__ == "__main__":
    FAULTS[sys.argv.pop(1)]()
    main()
