"""What may be turned on the printer peer: paper, cover, line, errors, slowness."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Switches:
    """What may be turned on a printer, at any moment."""

    paper: Literal["ok", "low", "out"] = "ok"
    cover_open: bool = False
    online: bool = True
    mute: bool = False
    mute_queued: bool = False
    """Answers DLE EOT, but not GS r: many cheap printers."""
    reset_after_bytes: int | None = None
    """Resets the connection once so many bytes of commands came in, status requests not counted."""
    error: int = 0
    """Bits of DLE EOT 3: 0x08 is the cutter."""
    delay_seconds: float = 0.0
    """How long a band takes to print."""
    out_after_rows: int | None = None
    """The paper ends after so many rows."""
    who: dict[int, bytes] = field(default_factory=lambda: {66: b"TOCSIN", 67: b"Peer-80"})
    """What it answers to GS I n, 66 the maker, 67 the model, 68 the serial number; cheap ones answer nothing."""
    goes_on_when_out: bool = False
    """Feeds on without paper, as some do, and tells so when asked."""

    def stopped(self) -> bool:
        """Tell whether the mechanism stands still."""
        out = self.paper == "out" and not self.goes_on_when_out
        return out or self.cover_open or bool(self.error) or not self.online

    def realtime_answer(self, n: int) -> int:
        """Return the byte that answers DLE EOT n."""
        out, low = self.paper == "out", self.paper == "low"
        match n:
            case 1:
                return 0x12 | 0x08 * self.stopped()
            case 2:
                return 0x12 | 0x04 * self.cover_open | 0x20 * out
            case 3:
                return 0x12 | self.error
            case 4:
                return 0x12 | 0x0C * (low or out) | 0x60 * out
        return 0x12
