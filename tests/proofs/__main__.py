"""`bin/prove NAME [options]`: the figures are one JSON object on the last line; ends with 0 only where all holds."""

import json
import signal
import sys
from collections.abc import Callable
from typing import Any

from tests.proofs import (
    amend,
    cluster,
    days,
    enumeration,
    formulas,
    intake,
    kill,
    lighthouse,
    lockout,
    lookups,
    machine,
    pages,
    printing,
    reader,
    restoring,
    rush,
    sealing,
    shard,
    siren,
    soak,
    unmasked,
    way,
)

PROOFS: dict[str, Callable[[list[str]], dict[str, Any]]] = {
    "way": way.main,
    "kill": kill.main,
    "cluster": cluster.main,
    "lockout": lockout.main,
    "siren": siren.main,
    "rush": rush.main,
    "soak": soak.main,
    "reader": reader.main,
    "enumeration": enumeration.main,
    "amend": amend.main,
    "privacy": unmasked.main,
    "lookups": lookups.main,
    "intake": intake.main,
    "formulas": formulas.main,
    "machine": machine.main,
    "print": printing.main,
    "pages": pages.main,
    "lighthouse": lighthouse.main,
    "days": days.main,
    "restore": restoring.main,
    "seal": sealing.main,
    "shard": shard.main,
}


def main(given: list[str]) -> int:
    """Run the proof that is named, or list them."""
    if not given or given[0] in ("--list", "-h", "--help"):
        for name, proof in PROOFS.items():
            first = (sys.modules[proof.__module__].__doc__ or "").partition("\n")[0]
            print(f"{name}\t{first.partition(': ')[2]}")
        return 0 if given else 2
    if given[0] not in PROOFS:
        print(f"there is no proof “{given[0]}”; there are: {', '.join(PROOFS)}", file=sys.stderr)
        return 2
    # Ended from outside, a proof still ends what it began.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    found = PROOFS[given[0]](given[1:])
    print(json.dumps(found, ensure_ascii=False))
    return 0 if found["holds"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
