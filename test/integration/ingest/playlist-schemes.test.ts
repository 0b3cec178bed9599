import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SightlineError } from '../../../src/core/errors.js';
import { buildArguments } from '../../../src/ingest/ffmpeg-arguments.js';
import { openRelay } from '../../../src/ingest/guarded/relay.js';
import { SourcePolicy } from '../../../src/ingest/guarded/source-policy.js';
import { parseSource } from '../../../src/ingest/source-spec.js';
import { VideoFolder } from '../../helpers/video.js';
import { allFfmpegs, WatchedSource } from './watch-source.js';

const run = promisify(execFile);
const ffmpegs = await allFfmpegs();
const folder = new VideoFolder();
const elsewhere = '127.0.0.2';
/** What the whitelist was before the relay spoke TLS. */
const formerProtocols = 'http,https,tls,tcp,httpproxy,crypto,data';
const places = ['variant', 'segment', 'key', 'map'] as const;
type Place = (typeof places)[number];
const hidingPlaces = [
  ['in a segment', '/nested.m3u8'],
  ['behind a tag that ffmpeg skips', '/tagged.m3u8'],
  ['in two halves', '/halves.m3u8'],
] as const;
const framesInClip = 50;
const policy = new SourcePolicy({ schemes: ['http'], networks: ['127.0.0.1/32'] });

let visits = 0;
let clip: string;
let forbiddenPort: number;
let origin: string;
/** The playlists, by path; everything else is a segment. */
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', origin);
  const hiding = hidden(pathname);
  if (hiding !== undefined) return void response.end(hiding);
  if (pathname.startsWith('/files/')) return sendFile(request, response, pathname.slice('/files/'.length));
  const place = pathname.slice(1).replace('.m3u8', '') as Place;
  if (!places.includes(place)) return void response.end(readFileSync(join(folder.path, 'clip.ts')));
  response
    .setHeader('content-type', 'application/vnd.apple.mpegurl')
    .end(playlist(place, searchParams.get('address') ?? ''));
});

function playlist(place: Place, address: string): string {
  const begin = '#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n';
  const segment = '#EXTINF:1,\nclip.ts\n';
  switch (place) {
    case 'variant':
      return `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${address}\n`;
    case 'segment':
      return `${begin}#EXTINF:1,\n${address}\n${segment}#EXT-X-ENDLIST\n`;
    case 'key':
      return `${begin}#EXT-X-KEY:METHOD=AES-128,URI="${address}"\n${segment}#EXT-X-ENDLIST\n`;
    case 'map':
      return `${begin}#EXT-X-MAP:URI="${address}"\n${segment}#EXT-X-ENDLIST\n`;
  }
}

/** What a hostile server sends for the paths of `hidingPlaces` and their segments. */
function hidden(path: string): string | Buffer | undefined {
  const inner = playlist('variant', `tcp://${elsewhere}:${forbiddenPort}/x.ts`);
  const id3 = Buffer.from([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 0]);
  const outer = (name: string): string => playlist('segment', name).replace('clip.ts', name);
  const bodies: Readonly<Record<string, string | Buffer>> = {
    '/nested.m3u8': outer('inner.m3u8'),
    '/inner.m3u8': inner,
    '/tagged.m3u8': Buffer.concat([id3, Buffer.from(inner)]),
    '/halves.m3u8': `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\nfirst.ts\n#EXTINF:1,\nsecond.ts\n#EXT-X-ENDLIST\n`,
    '/first.ts': inner.slice(0, 4),
    '/second.ts': inner.slice(4),
  };
  return bodies[path];
}

function sendFile(request: IncomingMessage, response: ServerResponse, name: string): void {
  const bytes = readFileSync(join(folder.path, name));
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  if (first === undefined || last === undefined) return void response.end(bytes);
  response.writeHead(206).end(bytes.subarray(Number(first), Number(last) + 1));
}

/** Every scheme of which an ffmpeg says that it can read from it. */
function schemesOf(path: string): string[] {
  const [, inputs = ''] =
    /^Input:\n([^]*?)^Output:/m.exec(
      execFileSync(path, ['-hide_banner', '-protocols'], { encoding: 'utf8' }),
    ) ?? [];
  return [
    ...inputs.split(/\s+/).filter((name) => name !== ''),
    'crypto+http',
    'crypto+httpproxy',
    'crypto+tls',
  ];
}

/** The playlist at `origin` whose one place leads past the relay. */
const sourceOf = (place: Place, scheme: string): string =>
  `${origin}/${place}.m3u8?address=${encodeURIComponent(`${scheme}://${elsewhere}:${forbiddenPort}/x.ts`)}`;

async function listen(listener: Server, host: string): Promise<number> {
  await new Promise<void>((resolve) => listener.listen(0, host, resolve));
  return (listener.address() as AddressInfo).port;
}

const forbidden = createTcpServer((socket) => {
  visits++;
  socket.on('error', () => undefined).destroy();
});

beforeAll(async () => {
  clip = await folder.clip({ width: 160, height: 120, seconds: 2 });
  execFileSync(ffmpegs[0]?.path ?? 'ffmpeg', [
    '-nostdin',
    '-loglevel',
    'error',
    '-i',
    clip,
    '-c',
    'copy',
    join(folder.path, 'clip.ts'),
  ]);
  forbiddenPort = await listen(forbidden, elsewhere);
  origin = `http://127.0.0.1:${await listen(server, '127.0.0.1')}`;
});
afterAll(() => {
  forbidden.close();
  server.closeAllConnections();
  server.close();
  folder.remove();
});

/** Reads a source through the relay; gives why that failed. */
async function failureOf(source: string): Promise<SightlineError | undefined> {
  const relay = await openRelay(parseSource(source, 'linux'), policy);
  try {
    await fetch(relay?.url ?? '').then((response) => response.arrayBuffer());
    return undefined;
  } catch {
    return relay?.failure;
  } finally {
    relay?.close();
  }
}

describe.each(ffmpegs)('a playlist that leads elsewhere, with ffmpeg $version', (ffmpeg) => {
  /** Has ffmpeg itself read a playlist, without the relay. */
  async function play(source: string, inputOptions: readonly string[]): Promise<void> {
    const env = { ...process.env, http_proxy: '', no_proxy: '*' };
    const args = ['-nostdin', ...inputOptions, '-i', source, '-t', '1', '-f', 'null', '-'];
    await run(ffmpeg.path, args, { env, timeout: 20_000 }).catch(() => undefined);
  }

  it('would lead there by itself, with the options that were given before', async () => {
    for (const place of places) {
      visits = 0;
      await play(sourceOf(place, 'httpproxy'), ['-protocol_whitelist', formerProtocols]);
      expect(visits, place).toBeGreaterThan(0);
    }
    visits = 0;
    await play(sourceOf('variant', 'tcp'), ['-protocol_whitelist', 'http,tcp']);
    expect(visits).toBeGreaterThan(0);
  });

  it('does not even by itself lead there with the options that are given now', async () => {
    visits = 0;
    const spec = parseSource('http://cam/x', 'linux');
    const { inputOptions } = buildArguments(spec, {
      ...{
        transport: 'tcp',
        hwaccel: null,
        rotate: 0,
        flip: 'none',
        width: null,
        analysisFps: 5,
        viewFps: undefined,
        loop: false,
      },
      ...{ ioTimeoutMs: 3000, relayUrl: 'http://127.0.0.1/', ffmpeg: ffmpeg.release },
    });
    const own = inputOptions.slice(inputOptions.indexOf('-protocol_whitelist'));
    for (const place of places)
      for (const scheme of ['http', 'httpproxy', 'tcp']) await play(sourceOf(place, scheme), own);
    expect(visits).toBe(0);
  });

  it.each(places)('is refused by the relay with any scheme that ffmpeg knows at its %s', async (place) => {
    visits = 0;
    const schemes = schemesOf(ffmpeg.path);
    expect(schemes).toEqual(expect.arrayContaining(['http', 'httpproxy', 'https', 'tls', 'tcp', 'file']));
    const failures = await Promise.all(
      schemes.map(async (scheme) => [scheme, (await failureOf(sourceOf(place, scheme)))?.code]),
    );
    expect(failures).toEqual(schemes.map((scheme) => [scheme, 'SOURCE_FORBIDDEN']));
    expect(visits).toBe(0);
  });

  it.each(hidingPlaces)('leads nowhere when it hides %s', async (_, path) => {
    visits = 0;
    const source = new WatchedSource(origin + path, { ffmpeg, policy, stallTimeoutMs: 5000 });
    await source.state('offline');
    await source.source.close();
    expect(source.sequences).toEqual([]);
    expect(visits).toBe(0);
  });
});

it('plays what is encrypted, has byte ranges and an initialisation section', async () => {
  const [ffmpeg] = ffmpegs;
  await writeFile(join(folder.path, 'key.bin'), randomBytes(16));
  const keyInfo = await folder.write('key.txt', `key.bin\n${join(folder.path, 'key.bin')}\n`);
  const make = (name: string, ...options: string[]): void =>
    void execFileSync(
      ffmpeg?.path ?? 'ffmpeg',
      [
        '-nostdin',
        '-loglevel',
        'error',
        '-i',
        clip,
        '-c',
        'copy',
        '-f',
        'hls',
        '-hls_list_size',
        '0',
        ...options,
        `${name}.m3u8`,
      ],
      { cwd: folder.path },
    );
  make('encrypted', '-hls_time', '1', '-hls_key_info_file', keyInfo);
  make('ranges', '-hls_time', '1', '-hls_flags', 'single_file');
  make('fragments', '-hls_time', '1', '-hls_segment_type', 'fmp4');
  await folder.write('master.m3u8', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nencrypted.m3u8\n');
  for (const name of ['encrypted', 'ranges', 'fragments', 'master']) {
    const source = new WatchedSource(`${origin}/files/${name}.m3u8`, { policy });
    await source.state('offline');
    await source.source.close();
    expect(source.sequences, name).toHaveLength(framesInClip);
  }
});
