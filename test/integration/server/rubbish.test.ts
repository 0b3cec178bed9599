import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished, describe, expect, it } from 'vitest';
import { Client, startServer } from './start-server.js';

/** A raw connection on which a WebSocket handshake has been made. */
async function rawWebSocket(url: string, path: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1.1 101/);
  return socket;
}

describe('a client that talks', () => {
  const paths = ['/ws/video/door', '/ws/events'];

  it.each(paths)('is closed on %s: 1003 for a message, 1009 for a large one', async (path) => {
    const { url } = await startServer();
    const sayings: [string | Buffer, number][] = [
      ['hello', 1003],
      [Buffer.from([1, 2, 3]), 1003],
      ['x'.repeat(1025), 1009],
    ];
    for (const [message, code] of sayings) {
      const client = await Client.open(url, path);
      client.socket.send(message);
      expect(await client.closed).toBe(code);
    }
  });

  it.each(paths)('breaks nothing with bytes that are no frames on %s', async (path) => {
    const { url, camera } = await startServer();
    const good = await Client.open(url, '/ws/video/door');
    for (const garbage of [Buffer.alloc(64, 0xff), Buffer.from([0x81, 0x05, 1, 2, 3, 4, 5])]) {
      const socket = await rawWebSocket(url, path);
      socket.write(garbage);
      const [frame] = (await once(socket, 'data')) as [Buffer];
      // A close frame: opcode 8, two bytes of code first.
      expect(frame[0]).toBe(0x88);
      expect(frame.readUInt16BE(2)).toBe(1002);
      socket.destroy();
    }
    await camera.emit();
    await good.received(1);
  });
});

describe('a connection that breaks the protocol', () => {
  const openings = {
    'no HTTP at all': '\x16\x03\x01\x02\x00 not http\r\n\r\n',
    'a handshake without a key':
      'GET /ws/events HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    'a target that cannot be decoded': 'GET /%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
    'no host': 'GET / HTTP/1.0\r\n\r\n',
  };
  it.each(Object.entries(openings))('is answered with a 4xx: %s', async (_name, bytes) => {
    const { url } = await startServer();
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    socket.write(bytes);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 4\d\d/);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('is forgotten when it vanishes in the middle of a handshake', async () => {
    const { url } = await startServer();
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(
      'GET /ws/nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    );
    await once(socket, 'connect');
    socket.resetAndDestroy();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});
