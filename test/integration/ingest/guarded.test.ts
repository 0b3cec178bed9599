import { execFileSync } from 'node:child_process';
import { createReadStream, readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SourcePolicy } from '../../../src/ingest/guarded/source-policy.js';
import { RtspTestServer } from '../../helpers/rtsp-server.js';
import { VideoFolder } from '../../helpers/video.js';
import { allFfmpegs, WatchedSource } from './watch-source.js';

const ffmpegs = await allFfmpegs();
const folder = new VideoFolder();
const closers: (() => unknown)[] = [];
/** Where no guarded source may go: loopback, but not 127.0.0.1. */
const elsewhere = '127.0.0.2';
const policy = new SourcePolicy({
  schemes: ['rtsp', 'rtsps', 'http', 'https'],
  networks: ['127.0.0.1/32'],
});

let clip: string;
let jpeg: Buffer;
let tls: { key: Buffer; cert: Buffer };
let camera: RtspTestServer;
let origin: string;
let secureOrigin: string;
/** Listens at the forbidden address and answers nobody. */
let forbidden: { readonly port: number };
let visits = 0;
let watched: WatchedSource | undefined;

async function listen(server: Server | HttpServer, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const serve: RequestListener = (request, response) => {
  const path = request.url ?? '/';
  const there = `http://${elsewhere}:${forbidden.port}/live.ts`;
  const playlist = (entry: string): string => `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n${entry}\n`;
  const texts: Readonly<Record<string, string>> = {
    '/file.m3u8': playlist(`file://${clip}`),
    '/path.m3u8': playlist(clip),
    '/concat.m3u8': playlist(`concat:${clip}`),
    '/elsewhere.m3u8': playlist(there),
    '/key.m3u8': `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-KEY:METHOD=AES-128,URI="${there}"\n#EXTINF:2,\nclip.ts\n`,
    '/list.ffconcat': `ffconcat version 1.0\nfile 'file:${clip}'\n`,
    '/camera.sdp': `v=0\no=- 0 0 IN IP4 ${elsewhere}\ns=x\nc=IN IP4 ${elsewhere}\nt=0 0\nm=video ${forbidden.port} RTP/AVP 26\n`,
    '/there.mpd': `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>${there}</BaseURL></Representation></AdaptationSet></Period></MPD>`,
  };
  const moves: Readonly<Record<string, string>> = {
    '/to-file': `file://${clip}`,
    '/to-elsewhere': there,
    '/to-elsewhere-encrypted': there.replace('http:', 'https:'),
    '/to-rtsp': `rtsp://${elsewhere}:${forbidden.port}/x`,
    '/to-camera': '/camera',
  };
  const text = texts[path];
  if (text !== undefined) return void response.end(text);
  const location = moves[path];
  if (location !== undefined) return void response.writeHead(302, { location }).end();
  if (path.startsWith('/camera')) {
    response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame' });
    const timer = setInterval(() => {
      response.write(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`);
      response.write(jpeg);
      response.write('\r\n');
    }, 40);
    return void response.on('close', () => clearInterval(timer));
  }
  createReadStream(join(folder.path, path))
    .on('error', () => response.writeHead(404).end())
    .pipe(response);
};

/** An RTSP server that sends everybody away. */
async function redirectingRtsp(location: string): Promise<number> {
  return listen(
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (request) => {
        const sequence = /CSeq: *(\d+)/i.exec(String(request))?.[1] ?? '1';
        const isOptions = String(request).startsWith('OPTIONS');
        socket.write(
          isOptions
            ? `RTSP/1.0 200 OK\r\nCSeq: ${sequence}\r\nPublic: DESCRIBE, SETUP, PLAY\r\n\r\n`
            : `RTSP/1.0 302 Moved\r\nCSeq: ${sequence}\r\nLocation: ${location}\r\n\r\n`,
        );
      });
    }),
  );
}

function open(source: string, options: ConstructorParameters<typeof WatchedSource>[1] = {}): WatchedSource {
  watched = new WatchedSource(source, { policy, ...options });
  return watched;
}

beforeAll(async () => {
  clip = await folder.clip({ width: 160, height: 120, seconds: 2 });
  const ffmpeg = ffmpegs[0]?.path ?? 'ffmpeg';
  const quiet = ['-nostdin', '-loglevel', 'error'];
  execFileSync(ffmpeg, [...quiet, '-i', clip, '-c', 'copy', join(folder.path, 'clip.ts')]);
  execFileSync(ffmpeg, [...quiet, '-i', clip, '-c', 'copy', '-f', 'hls', join(folder.path, 'live.m3u8')]);
  jpeg = await sharp({ create: { width: 160, height: 120, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  const files = ['-keyout', join(folder.path, 'key.pem'), '-out', join(folder.path, 'cert.pem')];
  const certificate = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=camera'];
  execFileSync('openssl', [...certificate, ...files], { stdio: 'ignore' });
  tls = {
    key: readFileSync(join(folder.path, 'key.pem')),
    cert: readFileSync(join(folder.path, 'cert.pem')),
  };
  forbidden = {
    port: await listen(
      createTcpServer((socket) => void (visits++, socket.destroy())),
      elsewhere,
    ),
  };
  origin = `http://127.0.0.1:${await listen(createServer(serve))}`;
  secureOrigin = `https://127.0.0.1:${await listen(createHttpsServer(tls, serve))}`;
  camera = await RtspTestServer.open({ file: clip, credentials: { user: 'u', password: 'p@ss/w?rd #1' } });
});
afterEach(() => watched?.source.close());
afterAll(async () => {
  for (const close of closers) close();
  await camera.close();
  folder.remove();
});

describe.each(ffmpegs)('a guarded source with ffmpeg $version', (ffmpeg) => {
  it.each(['tcp', 'udp'] as const)('plays RTSP with transport %s and a password', async (transport) => {
    await open(camera.url, { ffmpeg, transport }).frames(5);
  });

  it('plays RTSP over TLS', async () => {
    const port = await listen(
      createTlsServer(tls, (client) => {
        const server = connect(Number(new URL(camera.url).port), '127.0.0.1');
        client.pipe(server).pipe(client);
        for (const socket of [client, server]) socket.on('error', () => undefined);
      }),
    );
    const url = camera.url.replace('rtsp:', 'rtsps:').replace(/:\d+\//, `:${port}/`);
    await open(url, { ffmpeg }).frames(5);
  });

  it.each(['/camera', '/camera?user=a%7Cb&x=|', '/to-camera', '/live.m3u8', '/clip.mp4', '/clip.ts'])(
    'plays %s over HTTP and HTTPS',
    async (path) => {
      for (const where of [origin, secureOrigin]) {
        await open(where + path, { ffmpeg }).frames(5);
        await watched?.source.close();
      }
    },
  );

  // Side by side: each waits two seconds for playlists that are asked for again and again.
  it.concurrent.for([
    '/file.m3u8',
    '/path.m3u8',
    '/concat.m3u8',
    '/elsewhere.m3u8',
    '/key.m3u8',
    '/list.ffconcat',
    '/camera.sdp',
    '/there.mpd',
    '/to-file',
    '/to-elsewhere',
    '/to-elsewhere-encrypted',
    '/to-rtsp',
  ])('%s leads neither to a file nor to another host', async (path, { expect }) => {
    await Promise.all(
      [origin, secureOrigin].map(async (where) => {
        const source = new WatchedSource(where + path, { policy, ffmpeg, stallTimeoutMs: 2000 });
        await source.state('offline');
        await source.source.close();
        expect(source.sequences).toEqual([]);
      }),
    );
    expect(visits).toBe(0);
  });

  it('says that a redirection went where it may not go', async () => {
    const { error } = await open(`${origin}/to-elsewhere`, { ffmpeg }).state('offline');
    expect(error.code).toBe('SOURCE_FORBIDDEN');
  });

  it('follows no redirection of an RTSP server, which an unguarded source does', async () => {
    const port = await redirectingRtsp(`rtsp://${elsewhere}:${forbidden.port}/x`);
    const source = open(`rtsp://127.0.0.1:${port}/x`, { ffmpeg });
    const { error } = await source.state('offline');
    expect(error.code).toBe('SOURCE_FORBIDDEN');
    await source.source.close();
    expect(visits).toBe(0);
    await open(`rtsp://127.0.0.1:${port}/x`, { ffmpeg, policy: undefined }).state('offline');
    expect(visits).toBeGreaterThan(0);
    visits = 0;
  });

  it.each([`rtsp://${elsewhere}:PORT/x`, `http://${elsewhere}:PORT/x`])('never calls %s', async (url) => {
    const source = open(url.replace('PORT', String(forbidden.port)), { ffmpeg });
    const { error, retryInMs } = await source.state('offline');
    expect(error.code).toBe('SOURCE_FORBIDDEN');
    expect(retryInMs).toBeGreaterThan(0);
    expect(visits).toBe(0);
  });

  it('is unreachable where nobody listens', async () => {
    for (const scheme of ['rtsp', 'http', 'https']) {
      const { error } = await open(`${scheme}://127.0.0.1:9/x`, { ffmpeg }).state('offline');
      expect(error.code).toBe('SOURCE_UNREACHABLE');
      await watched?.source.close();
    }
  });
});

it('a guarded file is refused for good', async () => {
  const { error } = await open(clip).state('failed');
  expect(error.code).toBe('SOURCE_FORBIDDEN');
});
