"""Prints the events of a Sightline server, one JSON document a line. Python's standard library only.

usage: events.py HOST PORT [SINCE [TOKEN]]
Ends when the server closes; start it again with the id of the last event seen.
"""
import base64
import json
import os
import socket
import sys


def handshake(host, port, since, token):
    connection = socket.create_connection((host, int(port)))
    query = f"?since={since}" if since else ""
    lines = [
        f"GET /ws/events{query} HTTP/1.1",
        f"Host: {host}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode(),
    ]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    stream = connection.makefile("rb")
    status = stream.readline().decode().strip()
    while stream.readline().strip():
        pass
    if " 101 " not in status:
        sys.exit(f"{status}\n{stream.read().decode()}")
    return connection, stream


def read_exactly(stream, count):
    data = stream.read(count)
    if len(data) < count:
        sys.exit("The connection was cut.")
    return data


def read_frame(stream):
    first, second = read_exactly(stream, 2)
    length = second & 0x7F
    if length >= 126:
        length = int.from_bytes(read_exactly(stream, 2 if length == 126 else 8), "big")
    return first & 0x0F, read_exactly(stream, length)


def send_frame(connection, opcode, payload):
    """Control frames only: at most 125 bytes. What a client sends is masked."""
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    connection.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked)


def events(connection, stream):
    """Sightline sends every message as one frame."""
    while True:
        opcode, payload = read_frame(stream)
        if opcode == 0x1:
            yield json.loads(payload)
        elif opcode == 0x9:
            send_frame(connection, 0xA, payload)
        elif opcode == 0x8:
            send_frame(connection, 0x8, payload)
            code, reason = int.from_bytes(payload[:2], "big"), payload[2:].decode()
            if code >= 4000:
                sys.exit(f"refused: {code} {reason}")
            print(f"closed: {code} {reason}", file=sys.stderr)
            return


if __name__ == "__main__":
    host, port, since, token = (sys.argv[1:] + [None, None])[:4]
    for event in events(*handshake(host, port, since, token)):
        print(json.dumps(event), flush=True)
