"""The bus of the embedded database, which one process holds: a list of callbacks."""

from tocsin.core.bus import Bus


class MemoryBus(Bus):
    """Calls the listeners on the publishing thread."""

    name, dialect = "memory", "sqlite"

    def publish(self, topic: str) -> None:
        """Wake the listeners."""
        self.hear(topic)


PLUGIN = MemoryBus()
