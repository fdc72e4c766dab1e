"""What the doctor tells of one thing that it has looked at."""

import msgspec


class Told(msgspec.Struct, frozen=True):
    """One thing looked at; where it is not sound, what is said of it ends with the cure."""

    what: str
    sound: bool
    said: str
