import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { allFfmpegs, WatchedSource } from './watch-source.js';

/** What a camera answers to its request number `count`, from 0; it may go on writing. */
type Answer = (socket: Socket, jpegs: readonly Buffer[], count: number) => void;

const crlf = '\r\n';

/** One picture after another, each between texts. */
function stream(head: string, before: (jpeg: Buffer) => string, after: string): Answer {
  return (socket, jpegs) => {
    socket.write(head);
    let sent = 0;
    const timer = setInterval(() => {
      const jpeg = jpegs[sent++ % jpegs.length] as Buffer;
      socket.write(Buffer.concat([Buffer.from(before(jpeg)), jpeg, Buffer.from(after)]));
    }, 20);
    socket.once('close', () => clearInterval(timer));
  };
}

/** A picture in each answer. @param head of the answer, without its status and the empty line */
function snapshot(head: (jpeg: Buffer) => readonly string[], isLeftOpen = false): Answer {
  return (socket, jpegs, count) => {
    const jpeg = jpegs[count % jpegs.length] as Buffer;
    socket.write([`HTTP/1.1 200 OK`, ...head(jpeg), '', ''].join(crlf));
    socket.write(jpeg);
    if (!isLeftOpen) socket.end();
  };
}

const multipart = `HTTP/1.1 200 OK${crlf}Content-Type: multipart/x-mixed-replace; boundary=`;
const partHead = `Content-Type: image/jpeg${crlf}`;
const withLength = (jpeg: Buffer): string => `Content-Length: ${jpeg.length}${crlf}${crlf}`;

/** How cameras send pictures: as they should, and as ESP32 boards, Tasmota, DVR boxes and others do. */
const cameras: Readonly<Record<string, Answer>> = {
  'as RFC 2046 says': stream(
    `${multipart}frame${crlf}${crlf}`,
    (jpeg) => `--frame${crlf}${partHead}${withLength(jpeg)}`,
    crlf,
  ),
  'without the first boundary': stream(
    `${multipart}frame${crlf}${crlf}${partHead}${crlf}`,
    () => '',
    `${crlf}--frame${crlf}${partHead}${crlf}`,
  ),
  'with a boundary without dashes': stream(
    `${multipart}--frame${crlf}${crlf}`,
    (jpeg) => `frame${crlf}${partHead}${withLength(jpeg)}`,
    crlf,
  ),
  'with another boundary than it says': stream(
    `${multipart}"frame"${crlf}${crlf}`,
    (jpeg) => `--other${crlf}${partHead}${withLength(jpeg)}`,
    crlf,
  ),
  'with parts without type and length': stream(
    `${multipart}frame${crlf}${crlf}`,
    () => `--frame${crlf}${crlf}`,
    crlf,
  ),
  'with wrong lengths': stream(
    `${multipart}frame${crlf}${crlf}`,
    () => `--frame${crlf}${partHead}Content-Length: 12${crlf}${crlf}`,
    crlf,
  ),
  'with LF only': stream(
    'HTTP/1.1 200 OK\nContent-Type: multipart/x-mixed-replace; boundary=frame\n\n',
    (jpeg) => `--frame\nContent-Type: image/jpeg\nContent-Length: ${jpeg.length}\n\n`,
    '\n',
  ),
  'one after another, as octets': stream(
    `HTTP/1.1 200 OK${crlf}Content-Type: application/octet-stream${crlf}${crlf}`,
    () => '',
    '',
  ),
  'one after another, as image/jpeg': stream(
    `HTTP/1.1 200 OK${crlf}Content-Type: image/jpeg${crlf}${crlf}`,
    () => '',
    '',
  ),
  'one after another, without a type': stream(`HTTP/1.0 200 OK${crlf}${crlf}`, () => '', ''),
  'one in an answer': snapshot((jpeg) => ['Content-Type: image/jpeg', `Content-Length: ${jpeg.length}`]),
  'one in an answer without a length': snapshot(() => ['Content-Type: image/jpeg']),
  'one in an answer that stays open': snapshot(
    () => ['Content-Type: image/jpeg', 'Connection: keep-alive'],
    true,
  ),
  'one in an answer, as octets': snapshot(() => ['Content-Type: application/octet-stream']),
};

describe.each(await allFfmpegs())('pictures over HTTP with ffmpeg $version', (ffmpeg) => {
  const jpegs: Buffer[] = [];
  let answer: Answer;
  let requests = 0;
  let server: Server;
  let url: string;
  let watched: WatchedSource;

  beforeAll(async () => {
    for (const background of ['red', 'green', 'blue']) {
      const picture = sharp({ create: { width: 160, height: 120, channels: 3, background } });
      jpegs.push(await picture.jpeg().toBuffer());
    }
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => answer(socket, jpegs, requests++));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/pictures`;
  });
  afterEach(() => watched.source.close());
  afterAll(() => void server.close());

  it.each(Object.keys(cameras))('plays a camera that sends them %s', async (name) => {
    answer = cameras[name] as Answer;
    watched = new WatchedSource(url, {
      ffmpeg,
      views: { fps: 20, poolSize: 2, onFrame: (frame) => frame.release() },
    });
    await watched.frames(6);
    expect(watched.states).toEqual([{ state: 'connecting' }, { state: 'online', width: 160, height: 120 }]);
    expect([watched.source.dropped, watched.logged]).toEqual([0, []]);
  });

  it('asks for a snapshot twice a second, and goes on after an answer that was none', async () => {
    requests = 0;
    answer = (socket, ...rest) => {
      if (requests === 2)
        socket.end(`HTTP/1.1 503 Service Unavailable${crlf}Content-Length: 0${crlf}${crlf}`);
      else cameras['one in an answer']?.(socket, ...rest);
    };
    watched = new WatchedSource(url, { ffmpeg });
    const startedAt = performance.now();
    await watched.frames(4);
    // The fifth request is two seconds after the first.
    expect(performance.now() - startedAt).toBeGreaterThan(1900);
    expect(watched.path).toEqual(['connecting', 'online']);
  });

  it('shows pictures of another size, too', async () => {
    const larger = await sharp({ create: { width: 320, height: 200, channels: 3, background: 'white' } })
      .jpeg()
      .toBuffer();
    requests = 0;
    answer = (socket, _, count) => cameras['one in an answer']?.(socket, count < 3 ? jpegs : [larger], 0);
    const sizes: number[] = [];
    watched = new WatchedSource(url, {
      ffmpeg,
      onFrame: (frame) => {
        sizes.push(frame.width);
        frame.release();
      },
    });
    await watched.until(() => sizes.at(-1) === 320);
    expect(watched.states.at(-1)).toEqual({ state: 'online', width: 320, height: 200 });
  });

  it('leaves out damaged pictures, counts them and says so once', async () => {
    const [first] = jpegs as [Buffer];
    const cutOff = stream(`${multipart}x${crlf}${crlf}`, () => `--x${crlf}${crlf}`, crlf);
    answer = (socket, pictures, count) => cutOff(socket, [first, first.subarray(0, -60), ...pictures], count);
    watched = new WatchedSource(url, { ffmpeg });
    await watched.frames(8);
    expect(watched.source.dropped).toBeGreaterThan(0);
    expect(watched.logged.map(({ message }) => message)).toEqual([
      'the camera sent a picture that is damaged; such pictures are left out',
    ]);
  });

  it.each([
    ['401 Unauthorized', 'SOURCE_AUTH_FAILED'],
    ['404 Not Found', 'SOURCE_NOT_FOUND'],
    ['500 Internal Server Error', 'SOURCE_FAILED'],
  ])('is offline when the camera answers %s', async (status, code) => {
    answer = (socket) => socket.end(`HTTP/1.1 ${status}${crlf}Content-Length: 0${crlf}${crlf}`);
    watched = new WatchedSource(url, { ffmpeg });
    const { error } = await watched.state('offline');
    expect(error.code).toBe(code);
  });

  it('is stalled when no more pictures come', async () => {
    answer = (socket, pictures) => {
      socket.write(`${multipart}x${crlf}${crlf}--x${crlf}${crlf}`);
      socket.write(Buffer.concat([pictures[0] as Buffer, Buffer.from(`${crlf}--x`)]));
    };
    watched = new WatchedSource(url, { ffmpeg, stallTimeoutMs: 1500 });
    const { error } = await watched.state('offline');
    expect(error.code).toBe('SOURCE_STALLED');
  });
});
