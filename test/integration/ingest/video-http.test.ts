import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { VideoFolder } from '../../helpers/video.js';
import { allFfmpegs, WatchedSource } from './watch-source.js';

const folder = new VideoFolder();
const ffmpegs = await allFfmpegs();
const jpegs: Buffer[] = [];
const server = createServer(serve);
let origin: string;
let watched: WatchedSource | undefined;

function open(...args: ConstructorParameters<typeof WatchedSource>): WatchedSource {
  watched = new WatchedSource(...args);
  return watched;
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '/';
  if (path.startsWith('/camera')) return serveCamera(request, response, path);
  if (path === '/page')
    return void response.setHeader('content-type', 'text/html').end('<html>not a camera</html>');
  createReadStream(join(folder.path, path))
    .on('error', () => response.writeHead(404).end())
    .pipe(response);
}

/** A camera as many are: multipart JPEG behind a password; `/camera/short` hangs up after ten pictures. */
function serveCamera(request: IncomingMessage, response: ServerResponse, path: string): void {
  const login = `Basic ${Buffer.from('admin:p@ss').toString('base64')}`;
  if (request.headers.authorization !== login) {
    return void response.writeHead(401, { 'www-authenticate': 'Basic realm="camera"' }).end();
  }
  response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame' });
  let sent = 0;
  const timer = setInterval(() => {
    const jpeg = jpegs[sent % jpegs.length] as Buffer;
    response.write(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`);
    response.write(jpeg);
    response.write('\r\n');
    sent += 1;
    if (path.endsWith('/short') && sent === 10) response.destroy();
  }, 40);
  response.on('close', () => clearInterval(timer));
}

beforeAll(async () => {
  for (const background of ['red', 'green', 'blue']) {
    jpegs.push(
      await sharp({ create: { width: 160, height: 120, channels: 3, background } })
        .jpeg()
        .toBuffer(),
    );
  }
  const clip = await folder.clip({ seconds: 1 });
  const hls = ['-i', clip, '-c', 'copy', '-f', 'hls', '-hls_time', '1', join(folder.path, 'live.m3u8')];
  execFileSync(ffmpegs[0]?.path ?? 'ffmpeg', ['-nostdin', '-loglevel', 'error', ...hls]);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => watched?.source.close());
afterAll(() => {
  server.closeAllConnections();
  server.close();
  folder.remove();
});

describe.each(ffmpegs)('HTTP with ffmpeg $version', (ffmpeg) => {
  it('plays MJPEG behind a password, also by host name', async () => {
    for (const host of [origin, origin.replace('127.0.0.1', 'localhost')]) {
      const source = open(`http://admin:p%40ss@${host}/camera/live`, { ffmpeg });
      await source.frames(6);
      expect(source.states.at(-1)).toEqual({ state: 'online', width: 160, height: 120 });
      await source.source.close();
    }
  });

  it('connects again when the camera hangs up', async () => {
    const source = open(`http://admin:p%40ss@${origin}/camera/short`, { ffmpeg });
    await source.state('online');
    await source.state('offline');
    await source.state('online', 3);
    expect(source.path).toEqual(['connecting', 'online', 'offline', 'connecting', 'online']);
  });

  it('plays HLS', async () => {
    await open(`http://${origin}/live.m3u8`, { ffmpeg }).frames(10);
  });

  it('plays a finished video once', async () => {
    const source = open(`http://${origin}/clip.mp4`, { ffmpeg });
    await source.state('ended');
    expect(source.sequences).toHaveLength(25);
  });

  it.each([
    ['http://admin:hunter22@ORIGIN/camera/live', 'SOURCE_AUTH_FAILED'],
    ['http://ORIGIN/camera/live?user=admin&password=hunter22', 'SOURCE_AUTH_FAILED'],
    ['http://ORIGIN/nothing?password=hunter22', 'SOURCE_NOT_FOUND'],
    ['http://ORIGIN/page', 'SOURCE_NOT_VIDEO'],
  ])('%s is offline with %s', async (url, code) => {
    const source = open(url.replace('ORIGIN', origin), { ffmpeg });
    const { error } = await source.state('offline');
    expect(error.code).toBe(code);
    expect(JSON.stringify([error.message, source.logged, source.source.redactedSource])).not.toContain(
      'hunter22',
    );
  });
});
