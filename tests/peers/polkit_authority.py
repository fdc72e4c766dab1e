"""An authority that lets everybody do everything, for who is not root: the real one can't be started then.

Run: `python -m tests.peers.polkit_authority ADDRESS`. Source: polkit 122, org.freedesktop.PolicyKit1.Authority.
"""

import asyncio
import sys

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

NAME, INTERFACE = "org.freedesktop.PolicyKit1", "org.freedesktop.PolicyKit1.Authority"


async def main(address: str) -> None:
    """Answer until ended."""
    bus = await MessageBus(bus_address=address).connect()

    def answer(message: Message) -> Message | None:
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        if message.interface == INTERFACE and message.member == "CheckAuthorization":
            return Message.new_method_return(message, "(bba{ss})", [[True, False, {}]])
        if message.member == "GetAll":
            return Message.new_method_return(message, "a{sv}", [{}])
        return None

    bus.add_message_handler(answer)
    await bus.request_name(NAME)
    await bus.wait_for_disconnect()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
