"""Receipt printers that only answer: a process of their own, so that their work is not measured with the desk's.

Each paper is a line on the output: port, wall clock in µs of its first byte and of the answer behind its cut.
"""

import asyncio
import sys
import time

_ASKED_NOW, _ASKED_WHEN_DONE = b"\x10\x04", b"\x1dr\x01"
_READY = 0x12


async def serve(count: int) -> None:
    """Serve so many printers; the first line of the output names their ports."""
    servers = [await asyncio.start_server(answer, "127.0.0.1", 0) for _ in range(count)]
    print(*[server.sockets[0].getsockname()[1] for server in servers], flush=True)
    await asyncio.gather(*[server.serve_forever() for server in servers])


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one connection: what is asked at once, and what is asked behind the cut."""
    began_us, tail = 0, b""
    port = writer.get_extra_info("sockname")[1]
    while data := await reader.read(65_536):
        if data[:2] == _ASKED_NOW:  # sent alone, before and after the ticket
            writer.write(bytes([_READY]))
            continue
        began_us = began_us or time.time_ns() // 1000
        tail = (tail + data)[-3:]
        if tail == _ASKED_WHEN_DONE:
            writer.write(b"\0")
            print(port, began_us, time.time_ns() // 1000, flush=True)
    writer.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
