import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/models/cache.js';
import { redirected } from '../../../src/models/pull.js';
import type { Asset, PulledAsset } from '../../../src/models/manifest.js';
import { ModelStore } from '../../../src/models/model-store.js';
import { writeLegacyFormat } from '../../helpers/pytorch-file.js';
import { endWithTestFile } from '../../helpers/running-programs.js';
import { builtStore, onSmallDisk } from './full-disk.js';
import { closedPort, testAsset } from './local-registry.js';

const content = Buffer.alloc(3_000_000, 'weights');

let folder: string;
let cacheDir: string;
let server: Server;
let address: string;
/** What the server answers with, and how often it was asked. */
let answer: RequestListener;
let requests: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-pull-'));
  cacheDir = join(folder, 'cache');
  requests = 0;
  answer = (_, response) => response.setHeader('content-length', content.length).end(content);
  server = createServer((request, response) => {
    requests++;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/weights.pt`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

function pulledAsset(changes: Partial<PulledAsset> = {}): PulledAsset {
  return {
    id: 'large',
    kind: 'model',
    url: address,
    sha256: sha256(content),
    licence: 'MIT',
    conversion: { kind: 'none' },
    file: 'large.onnx',
    description: 'for tests',
    ...changes,
  };
}

function openStore(...assets: Asset[]): ModelStore {
  return new ModelStore({ cacheDir, assets });
}

/** Everything in the cache: half a file, or a folder left behind, would show. */
async function cached(): Promise<string[]> {
  return (await readdir(cacheDir).catch(() => [])).sort();
}

describe('pulling', () => {
  it('puts the file into the cache, where it is ready', async () => {
    const store = openStore(pulledAsset());
    const path = join(cacheDir, 'large.onnx');
    expect(await store.pull('large')).toEqual({ path, pinned: true });
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
    expect(await cached()).toEqual(['large.onnx', 'large.onnx.json']);
    expect((await store.list()).map(({ state }) => state)).toEqual(['ready']);
    expect((await store.verify()).map(({ state }) => state)).toEqual(['ready']);
    expect(await store.ensure('large')).toBe(path);
    expect(requests).toBe(1);
  });

  it('tells how many bytes have come, of how many', async () => {
    const told: [number, number | null][] = [];
    await openStore(pulledAsset()).pull('large', { onBytes: (...bytes) => told.push(bytes) });
    expect(told.length).toBeGreaterThan(1);
    expect(told.at(-1)).toEqual([content.length, content.length]);
    expect(told.map(([received]) => received)).toEqual(
      told.map(([received]) => received).sort((a, b) => a - b),
    );
  });

  it('follows a server that sends it elsewhere, and does without a length', async () => {
    answer = ({ url }, response) => {
      if (url === '/weights.pt') response.writeHead(302, { location: '/elsewhere' }).end();
      else response.end(content);
    };
    const told: (number | null)[] = [];
    await openStore(pulledAsset()).pull('large', { onBytes: (_, total) => told.push(total) });
    expect(await cached()).toEqual(['large.onnx', 'large.onnx.json']);
    expect(requests).toBe(2);
  });

  it('mends a file that was damaged', async () => {
    const store = openStore(pulledAsset());
    const { path } = await store.pull('large');
    await writeFile(path, 'less');
    expect((await store.list()).map(({ state }) => state)).toEqual(['damaged']);
    await expect(store.ensure('large')).rejects.toMatchObject({ code: 'MODEL_NOT_PULLED' });
    await store.pull('large');
    expect(await store.ensure('large')).toBe(path);
  });

  it('is for what is fetched on demand only', async () => {
    const packaged = testAsset('small', 'a.txt', 'x');
    const store = openStore(packaged, pulledAsset());
    await expect(store.pull('small')).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: 'Expected one of large but received "small"',
    });
  });
});

describe('what was not pulled', () => {
  it('is missing, and is not downloaded unasked', async () => {
    const store = openStore(testAsset('small', 'a.txt', 'x'), pulledAsset());
    expect((await store.list()).map(({ state }) => state)).toEqual(['missing', 'missing']);
    await expect(store.ensure(['small', 'large'])).rejects.toMatchObject({
      code: 'MODEL_NOT_PULLED',
      message: `large is not in ${cacheDir}; it has to be pulled first`,
      remedy: expect.stringContaining('sightline models pull') as string,
    });
    expect(requests).toBe(0);
    expect(await cached()).toEqual([]);
  });
});

describe('a file of the user’s', () => {
  it('is read instead of the published one', async () => {
    const from = join(folder, 'own.pt');
    await writeFile(from, content);
    expect(await openStore(pulledAsset()).pull('large', { from })).toMatchObject({ pinned: true });
    expect(requests).toBe(0);
    expect(Buffer.compare(await readFile(join(cacheDir, 'large.onnx')), content)).toBe(0);
  });

  it('may be another, which is said', async () => {
    const from = join(folder, 'own.pt');
    await writeFile(from, 'other weights');
    const store = openStore(pulledAsset());
    expect(await store.pull('large', { from })).toMatchObject({ pinned: false });
    expect((await store.verify()).map(({ state }) => state)).toEqual(['ready']);
  });

  it.each([
    ['is not there', () => Promise.resolve(join(folder, 'gone.pt')), 'WEIGHTS_UNREADABLE', 'no such file'],
    ['is a folder', () => Promise.resolve(folder), 'WEIGHTS_UNREADABLE', 'is not a regular file'],
    [
      'never ends',
      () => Promise.resolve('/dev/zero'),
      'WEIGHTS_UNREADABLE',
      '/dev/zero is not a regular file',
    ],
    ['is larger than any weights', () => hugeFile(), 'WEIGHTS_INVALID', 'at most 536870912 bytes'],
    ['is no weight file', () => fileOf(Buffer.from('hello')), 'WEIGHTS_INVALID', '68656c6c6f'],
    ['is cut short', () => fileOf(cutShort()), 'WEIGHTS_INVALID', 'cut short at byte 500'],
  ])('that %s leaves the cache as it was', async (_, make, code, message) => {
    const store = openStore(pulledAsset({ conversion: { kind: 'pytorch-facenet' } }));
    await expect(store.pull('large', { from: await make() })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
    expect(await cached()).toEqual([]);
  });
});

describe('a download that fails', () => {
  it.each([
    ['because the file is gone', 404],
    ['because the server is in trouble', 503],
  ])('%s says so', async (_, status) => {
    answer = (_request, response) => response.writeHead(status).end('sorry');
    await expect(openStore(pulledAsset()).pull('large')).rejects.toMatchObject({
      code: 'MODEL_PULL_FAILED',
      message: `The download of ${address} failed after 0 bytes: the server answered with HTTP ${status}`,
    });
    expect(await cached()).toEqual([]);
  });

  it('because the server sends it round in a circle says so', async () => {
    answer = (_, response) => response.writeHead(302, { location: '/weights.pt' }).end();
    await expect(openStore(pulledAsset()).pull('large')).rejects.toMatchObject({
      code: 'MODEL_PULL_FAILED',
      message: expect.stringContaining('redirected more than 5 times') as string,
    });
    expect(requests).toBe(6);
  });

  it.each(['http://elsewhere.example/weights.pt', 'data:text/plain,weights', 'file:///etc/passwd'])(
    'because a server with https sends it to %s says so',
    (location) => {
      const from = new URL('https://github.com/a/b');
      expect(() => redirected(from, location)).toThrow(/redirected to .*, which is not https$/);
      expect(redirected(from, '/c').href).toBe('https://github.com/c');
      expect(redirected(from, 'https://objects.example/d').href).toBe('https://objects.example/d');
    },
  );

  it('because nobody answers says so', async () => {
    const url = `http://127.0.0.1:${await closedPort()}/weights.pt`;
    await expect(openStore(pulledAsset({ url })).pull('large')).rejects.toMatchObject({
      code: 'MODEL_PULL_FAILED',
      message: expect.stringContaining('ECONNREFUSED') as string,
      remedy: expect.stringContaining('--from FILE') as string,
    });
    expect(await cached()).toEqual([]);
  });

  it('because the connection breaks says after how much', async () => {
    answer = (request, response) => {
      response.setHeader('content-length', content.length);
      response.write(content.subarray(0, 1_000_000), () => request.socket.destroySoon());
    };
    await expect(openStore(pulledAsset()).pull('large')).rejects.toMatchObject({
      code: 'MODEL_PULL_FAILED',
      message: expect.stringMatching(/failed after \d{6,} bytes: \S/) as string,
    });
    expect(await cached()).toEqual([]);
  });

  it('because another file came names both checksums, and keeps the file from before', async () => {
    const store = openStore(pulledAsset());
    await store.pull('large');
    const page = Buffer.from('<html>Sign in to this network</html>');
    answer = (_, response) => response.end(page);
    await expect(store.pull('large')).rejects.toMatchObject({
      code: 'MODEL_CHECKSUM_MISMATCH',
      message: `Expected ${address} to have sha256 ${sha256(content)} but received ${sha256(page)}`,
    });
    expect((await store.verify()).map(({ state }) => state)).toEqual(['ready']);
    expect(await cached()).toEqual(['large.onnx', 'large.onnx.json']);
  });

  it('because the process is killed leaves nothing half-written', async () => {
    answer = (_, response) => {
      response.setHeader('content-length', content.length);
      response.write(content.subarray(0, 1_000_000));
    };
    const script = join(folder, 'pull.mjs');
    await writeFile(
      script,
      `import { ModelStore } from ${JSON.stringify(builtStore)};
       const [cacheDir, asset] = [${JSON.stringify(cacheDir)}, ${JSON.stringify(pulledAsset())}];
       const onBytes = (received) => { if (received === 1_000_000) console.log('half'); };
       await new ModelStore({ cacheDir, assets: [asset] }).pull(asset.id, { onBytes });`,
    );
    const child = endWithTestFile(
      spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] }),
    );
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await cached()).toEqual([]);
  });
});

describe('a cache that takes no files', () => {
  it('is told before anything is downloaded', async () => {
    await writeFile(cacheDir, '');
    await expect(openStore(pulledAsset()).pull('large')).rejects.toMatchObject({
      code: 'MODEL_CACHE_UNWRITABLE',
    });
    expect(requests).toBe(0);
  });

  it('because the disk is full is told, and nothing is left', { tags: ['small-disk'] }, async () => {
    await mkdir(cacheDir);
    const outcome = await onSmallDisk('1m', 'pull', pulledAsset(), { folder, cacheDir });
    expect(outcome).toEqual({ code: 'MODEL_CACHE_UNWRITABLE', told: true, left: [] });
  });
});

async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'own.pt');
  await writeFile(path, bytes);
  return path;
}

function cutShort(): Buffer {
  const data = new Float32Array(864);
  return writeLegacyFormat([{ name: 'conv2d_1a.conv.weight', shape: [32, 3, 3, 3], data }]).subarray(0, 500);
}

/** Takes no room on the disk. */
async function hugeFile(): Promise<string> {
  const path = join(folder, 'huge.pt');
  await (await open(path, 'w')).close();
  await truncate(path, 600 * 1024 * 1024);
  return path;
}
