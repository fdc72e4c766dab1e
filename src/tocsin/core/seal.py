"""The journal's seal: Merkle checkpoints over its entries, signed with a key that is not in the database.

Who can write to the database but lacks the installation's key can't change, remove or slip in a
sealed entry unnoticed; and since the newest checkpoint also lies in a file beside the key, he can't
cut the journal short either.
Source: RFC 6962, 2.1 (Merkle tree hash, leaf and node prefixes).
"""

import hashlib
from pathlib import Path

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.clock import MINUTE_US
from tocsin.core.db import Tx
from tocsin.core.ident import id_at
from tocsin.core.journal import JournalEntry, journal
from tocsin.core.schema import big, blob, merchant_table, text
from tocsin.core.statement import Statement, bind, own, upsert
from tocsin.core.vault import Vault

# An entry's id is made before its transaction ends: younger ones may still come in between.
SETTLED_US = MINUTE_US
BATCH = 1_000

journal_seal = merchant_table(
    "journal_seal", big("size"), big("last_id"), text("root"), text("edge"), big("at_us"), blob("signature"),
    key=("size",), append_only=True,
)  # fmt: skip


class Checkpoint(Struct, frozen=True):
    """So many entries, up to this one, have this root; `edge` is the tree's right side, to go on from.

    Args:
        root, edge: hexadecimal; the edge's hashes are joined by commas, the largest subtree first.
    """

    size: int
    last_id: int
    root: str
    edge: str
    at_us: int
    signature: bytes


COLUMNS = tuple(journal_seal.c[name] for name in Checkpoint.__struct_fields__)
_ADD = Statement[None](
    upsert(journal_seal).on_conflict_do_nothing(), sets=[column.name for column in journal_seal.columns]
)
_NEWEST = Statement(
    sa.select(*COLUMNS).where(own(journal_seal)).order_by(journal_seal.c.size.desc()).limit(1), Checkpoint
)
ENTRIES = Statement(
    sa.select(*(journal.c[name] for name in JournalEntry.__struct_fields__))
    .where(own(journal), journal.c.id > bind("after"), journal.c.id < bind("until"))
    .order_by(journal.c.id).limit(bind("limit")),
    JournalEntry,
)  # fmt: skip


_ALONE = Statement[tuple[bool]](
    sa.select(
        sa.func.pg_try_advisory_xact_lock(
            sa.literal_column("7180718"), sa.cast(bind("merchant_id") % 2147483647, sa.Integer)
        )
    )
)
_WAITING = Statement[tuple[int]](
    sa.select(journal.c.at_us)
    .where(own(journal), journal.c.id > bind("after"))
    .order_by(journal.c.id)
    .limit(bind("limit"))
)
UNSEALED_MOST = 10_000


class Lag(Struct, frozen=True):
    """How far the seal has come: entries sealed, when last; how many wait, 10,001 for more; since when the oldest does."""

    size: int
    sealed_at_us: int
    unsealed: int
    oldest_us: int


class Tree:
    """A Merkle tree that only grows: it keeps the roots of its full subtrees, and how many leaves there are."""

    def __init__(self, size: int = 0, edge: tuple[bytes, ...] = ()) -> None:
        self.size, self._edge = size, list(edge)

    def add(self, leaf: bytes) -> None:
        """Add a leaf; two full subtrees of the same size become one."""
        self._edge.append(hashlib.sha256(b"\0" + leaf).digest())
        size = self.size = self.size + 1
        while size % 2 == 0:
            right, left = self._edge.pop(), self._edge.pop()
            self._edge.append(_node(left, right))
            size //= 2

    def root(self) -> str:
        """Return the tree's hash."""
        found = b""
        for hashed in reversed(self._edge):
            found = _node(hashed, found) if found else hashed
        return (found or hashlib.sha256(b"").digest()).hex()

    def edge(self) -> str:
        """Return what the tree goes on from."""
        return ",".join(hashed.hex() for hashed in self._edge)


def seal_journal(tx: Tx, *, begun_us: int | None = None) -> Checkpoint | None:
    """Sign a checkpoint over what has settled since the last one; None where nothing has.

    At most a thousand entries a call: the writer is never held up.

    Args:
        begun_us: since when the oldest change that is under way is; it may still bring entries as old as that.
    """
    if tx.dialect == "postgresql" and not tx.value(_ALONE, merchant_id=tx.merchant_id):
        return None  # another process seals this journal now: each entry has one place in the tree
    last = tx.one(_NEWEST)
    tree = Tree(last.size, _edge_of(last)) if last else Tree()
    until = id_at(min(tx.now_us, begun_us or tx.now_us) - SETTLED_US)
    entries = tx.rows(ENTRIES, after=last.last_id if last else 0, until=until, limit=BATCH)
    if not entries:
        return None
    for entry in entries:
        tree.add(leaf_of(entry))
    made = Checkpoint(tree.size, entries[-1].id, tree.root(), tree.edge(), tx.now_us, b"")
    signature = sealing_key(tx.vault).sign(said_by(tx.merchant_id, made))
    added = tx.run(
        _ADD, size=made.size, last_id=made.last_id, root=made.root, edge=made.edge, at_us=made.at_us, signature=signature
    )  # fmt: skip
    # Of two processes that seal at once the second finds the first one's.
    return replace(made, signature=signature) if added else None


def newest_checkpoint(tx: Tx) -> Checkpoint | None:
    """Return the newest checkpoint; kept elsewhere, it is what a later journal is held against."""
    return tx.one(_NEWEST)


def seal_lag(tx: Tx) -> Lag:
    """Return how far the seal has come."""
    last = tx.one(_NEWEST)
    waiting = tx.rows(_WAITING, after=last.last_id if last else 0, limit=UNSEALED_MOST + 1)
    return Lag(
        last.size if last else 0, last.at_us if last else 0, len(waiting), waiting[0][0] if waiting else 0
    )


def keep_checkpoint(path: Path, made: Checkpoint) -> None:
    """Write the newest checkpoint beside the key: a journal that was cut short has fewer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".new")
    half.write_bytes(msgspec.json.encode(made))
    half.replace(path)


def sealing_key(vault: Vault) -> Ed25519PrivateKey:
    """Return the key that signs checkpoints; it is derived from the installation's and stands in no table."""
    return Ed25519PrivateKey.from_private_bytes(vault.installation_secret("journal seal")[:32])


def said_by(merchant_id: int, made: Checkpoint) -> bytes:
    """Return what a checkpoint's signature is over."""
    return f"tocsin journal\n{merchant_id}\n{made.size}\n{made.last_id}\n{made.root}\n{made.at_us}\n".encode()


def leaf_of(entry: JournalEntry) -> bytes:
    """Return what an entry is in the tree."""
    return msgspec.json.encode(entry)


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _edge_of(made: Checkpoint) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(part) for part in made.edge.split(",") if part)
