import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SightlineError } from '../../../src/core/errors.js';
import type { CameraService } from '../../../src/services/services.js';
import { Client, handshake, startServer, until } from './start-server.js';

/** The answer to bytes on a new connection, up to its end. */
async function answerTo(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

function upgradeRequest(lines: readonly string[]): string {
  return ['GET /ws/events HTTP/1.1', 'Host: 127.0.0.1', 'Connection: Upgrade', ...lines, '', ''].join('\r\n');
}

describe('a WebSocket that may not be is closed after the handshake', () => {
  const cases = [
    { path: '/ws/video/door?fps=no', code: 4400, reason: /^REQUEST_INVALID: Query: fps: expected a number/ },
    { path: '/ws/events?colour=red', code: 4400, reason: /^REQUEST_INVALID: Query: colour: no such option/ },
    { path: '/ws/%E0%A4%A', code: 4400, reason: /^REQUEST_INVALID: / },
    { path: '/ws/video/nobody', code: 4404, reason: /^CAMERA_NOT_FOUND: .*"nobody"/ },
    { path: '/ws/events?camera=nobody', code: 4404, reason: /^CAMERA_NOT_FOUND: / },
    { path: '/ws/nothing', code: 4404, reason: /^ROUTE_NOT_FOUND: .*\/ws\/nothing/ },
  ];
  it.each(cases)('$path → $code', async ({ path, code, reason }) => {
    const { url, metrics } = await startServer();
    const refused = await handshake(url, path);
    expect(refused).toEqual({ code, reason: expect.stringMatching(reason) as string });
    expect(await metrics.expose()).not.toMatch(/sightline_viewers\{.*\} 1/);
  });

  it('4503 while the program starts, 1011 for a defect, which keeps its message to itself', async () => {
    const failing = (error: Error) => {
      const get = (): never => {
        throw error;
      };
      return startServer({ services: { cameras: { list: () => [], get } as unknown as CameraService } });
    };
    const starting = await failing(new SightlineError('NOT_READY', 'Expected to be ready.'));
    expect(await handshake(starting.url, '/ws/video/door')).toEqual({
      code: 4503,
      reason: 'NOT_READY: Expected to be ready.',
    });
    const broken = await failing(new Error('rtsp://user:secret@camera'));
    const { code, reason } = await handshake(broken.url, '/ws/video/door');
    expect(code).toBe(1011);
    expect(reason).toMatch(/^INTERNAL: (?!.*secret)/);
  });

  it('when the camera fails at the last moment, and the server goes on', async () => {
    const { url, camera } = await startServer();
    const watch = camera.watch.bind(camera);
    camera.watch = () => {
      throw new Error('broken');
    };
    expect((await handshake(url, '/ws/video/door')).code).toBe(1011);
    camera.watch = watch;
    expect((await handshake(url, '/ws/video/door')).code).toBe('open');
  });

  it('with as much of the reason as a close frame holds, cut between characters', async () => {
    const { url } = await startServer();
    const { code, reason } = await handshake(url, `/ws/video/${encodeURIComponent('ü'.repeat(200))}`);
    expect(code).toBe(4404);
    expect(reason).toMatch(/^CAMERA_NOT_FOUND: .*ü$/);
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
  });

  it('and cut when it does not say goodbye', async () => {
    const { url } = await startServer();
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    const key = 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==';
    socket.write(
      upgradeRequest(['Upgrade: websocket', key, 'Sec-WebSocket-Version: 13']).replace('events', 'no'),
    );
    let ended = false;
    socket.resume().on('end', () => (ended = true));
    await until(() => ended);
  });
});

describe('what is no handshake is answered as HTTP', () => {
  const cases = {
    'no key': upgradeRequest(['Upgrade: websocket', 'Sec-WebSocket-Version: 13']),
    'an old version': upgradeRequest([
      'Upgrade: websocket',
      'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==',
      'Sec-WebSocket-Version: 7',
    ]),
    'another protocol': upgradeRequest(['Upgrade: h2c']),
    'no HTTP': '\x16\x03\x01\x02\x00 not http\r\n\r\n',
    'an address that cannot be decoded': 'GET /%zz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n',
    'headers without end': `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
  };
  it.each(Object.entries(cases))('%s', async (_name, bytes) => {
    const { url } = await startServer({ token: 'correct-horse-battery' });
    const [head = '', body = ''] = (await answerTo(url, bytes)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1.1 4\d\d /);
    expect(head).toMatch(/content-type: application\/problem\+json/i);
    expect(head).toMatch(/x-content-type-options: nosniff/i);
    expect(head).toMatch(/content-security-policy: default-src 'self'/i);
    expect(JSON.parse(body)).toMatchObject({ code: 'REQUEST_INVALID' });
  });
});

it('no message is compressed, whatever the client offers', async () => {
  const { url } = await startServer();
  const client = await Client.open(url, '/ws/events', { perMessageDeflate: true });
  expect(client.socket).toBeInstanceOf(WebSocket);
  expect(client.socket.extensions).toBe('');
});
