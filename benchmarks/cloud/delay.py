# SPDX-License-Identifier: MIT
"""A TCP proxy on loopback that lets every byte towards the server come later, as a distant one
would be: delay.py SERVER_PORT MILLISECONDS. Prints its own port."""

import asyncio
import sys


async def carry_late(reader, writer, seconds):
    """What comes meanwhile waits beside, not behind, so that the delay is no limit on the rate."""
    clock = asyncio.get_running_loop()
    waiting = asyncio.Queue(64)

    async def send():
        while True:
            when, data = await waiting.get()
            await asyncio.sleep(max(0.0, when - clock.time()))
            if not data:
                break
            writer.write(data)
            await writer.drain()
        writer.close()

    sending = asyncio.create_task(send())
    while True:
        data = await reader.read(1 << 18)
        await waiting.put((clock.time() + seconds, data))
        if not data:
            break
    await sending


async def carry(reader, writer):
    while data := await reader.read(1 << 18):
        writer.write(data)
        await writer.drain()
    writer.close()


async def serve(port, seconds):
    async def accept(reader, writer):
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(carry_late(reader, server_writer, seconds),
                                 carry(server_reader, writer))
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000))
