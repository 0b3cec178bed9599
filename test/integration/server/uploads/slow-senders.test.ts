import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PictureService } from '../../../../src/services/services.js';
import { startServer } from '../start-server.js';

const types = ['image/jpeg', 'application/json', 'multipart/form-data; boundary=x'];
const places = 8;

/** A server with eight places for uploads, which finds no face on any picture. */
async function start(): Promise<string> {
  const detect = () => Promise.resolve({ width: 1, height: 1, faces: [], detectMs: 0 });
  const pictures = { detect } as unknown as PictureService;
  const { url } = await startServer({
    services: { pictures },
    uploads: { maxBytes: 2 ** 20, queueLimit: places },
  });
  return url;
}

/** Sends the head of an upload and two bytes of its body. */
async function beginUpload(url: string, type: string, localAddress: string): Promise<Sender> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), localAddress });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(
    `POST /v1/detect HTTP/1.1\r\nHost: ${host}\r\nContent-Type: ${type}\r\nContent-Length: 900000\r\n\r\n--`,
  );
  return new Sender(socket);
}

class Sender {
  readonly socket: Socket;
  answer = '';
  readonly closed: Promise<void>;
  /** Resolves when the answer is that there is no place. */
  readonly refused: Promise<void>;

  constructor(socket: Socket) {
    this.socket = socket;
    this.refused = new Promise((resolve) => {
      socket.setEncoding('utf8').on('data', (text: string) => {
        this.answer += text;
        if (this.answer.startsWith('HTTP/1.1 429')) resolve();
      });
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }
}

async function detect(url: string): Promise<number> {
  const headers = { 'content-type': 'image/jpeg' };
  return (await fetch(`${url}/v1/detect`, { method: 'POST', headers, body: 'a picture' })).status;
}

describe('senders of uploads that stop', () => {
  it('leave places to other clients, and lose theirs after five seconds', { timeout: 60_000 }, async () => {
    const url = await start();
    const senders: Sender[] = [];
    for (let i = 0; i < places; i++)
      senders.push(await beginUpload(url, types[i % types.length] ?? '', '127.0.0.2'));
    expect(await detect(url)).toBe(200);
    // One that is refused may send something else on its connection.
    await Promise.all(senders.map(({ closed, refused }) => Promise.race([closed, refused])));
    const refused = senders.filter(({ answer }) => answer.startsWith('HTTP/1.1 429'));
    const late = senders.filter(({ answer }) => answer.startsWith('HTTP/1.1 408'));
    expect([late.length, refused.length]).toEqual([6, 2]);
    for (const { answer } of late) {
      expect(answer).toContain('REQUEST_TOO_SLOW');
      expect(answer.toLowerCase()).toContain('connection: close');
    }
    expect(await detect(url)).toBe(200);
  });

  it('keep no place by a byte now and then', { timeout: 60_000 }, async () => {
    const url = await start();
    const senders = await Promise.all(types.map((type) => beginUpload(url, type, '127.0.0.2')));
    const timer = setInterval(() => senders.forEach(({ socket }) => socket.write('-')), 300);
    onTestFinished(() => clearInterval(timer));
    await Promise.all(senders.map(({ closed }) => closed));
    for (const { answer } of senders) expect(answer).toMatch(/^HTTP\/1.1 408 .*REQUEST_TOO_SLOW/s);
  });

  it('are waited for while enough of the body comes', { timeout: 60_000 }, async () => {
    const url = await start();
    const { socket, closed, answer } = await beginUpload(url, 'image/jpeg', '127.0.0.2');
    let left = 900_000 - 2;
    const timer = setInterval(() => {
      const bytes = Math.min(left, 50_000);
      socket.write(Buffer.alloc(bytes));
      left -= bytes;
      if (left === 0) clearInterval(timer);
    }, 400);
    onTestFinished(() => clearInterval(timer));
    const [text] = (await once(socket, 'data')) as [string];
    expect(answer + text).toMatch(/^HTTP\/1.1 200/);
    socket.destroy();
    await closed;
  });
});
