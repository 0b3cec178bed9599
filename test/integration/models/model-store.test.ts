import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Asset } from '../../../src/models/manifest.js';
import { ModelStore, type ModelProgress } from '../../../src/models/model-store.js';
import { onSmallDisk } from './full-disk.js';
import { closedPort, startRegistry, testAsset, type LocalRegistry } from './local-registry.js';

const files = { 'a.txt': 'the first file', 'deep/b.bin': Buffer.alloc(300_000, 7) };
const assets = [
  testAsset('first', 'a.txt', files['a.txt']),
  testAsset('second', 'deep/b.bin', files['deep/b.bin']),
];

let folder: string;
let registry: LocalRegistry;
let cacheDir: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-models-'));
  cacheDir = join(folder, 'cache');
  registry = await startRegistry(files);
  vi.stubEnv('npm_config_registry', registry.url);
  vi.stubEnv('npm_config_cache', join(folder, 'npm'));
  vi.stubEnv('npm_config_fetch_retries', '0');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await registry.close();
  await rm(folder, { recursive: true });
});

function openStore(
  options: { assets?: readonly Asset[]; onProgress?: (progress: ModelProgress) => void } = {},
) {
  return new ModelStore({ cacheDir, assets, ...options });
}

/** What stands in the cache, records left out; a temporary folder left behind would show. */
async function cached(): Promise<string[]> {
  return (await readdir(cacheDir).catch(() => [])).filter((name) => !name.endsWith('.json')).sort();
}

describe('fetching', () => {
  it('gives the absolute paths of files with the content of the package', async () => {
    const paths = await openStore().ensure(['first', 'second']);
    expect([...paths]).toEqual([
      ['first', join(cacheDir, 'first.bin')],
      ['second', join(cacheDir, 'second.bin')],
    ]);
    expect(await readFile(join(cacheDir, 'first.bin'), 'utf8')).toBe('the first file');
    expect(await readFile(join(cacheDir, 'second.bin'))).toEqual(files['deep/b.bin']);
    expect(await cached()).toEqual(['first.bin', 'second.bin']);
  });

  it('downloads a package once for several assets, and never again', async () => {
    await openStore().ensure(['first', 'second']);
    await openStore().ensure(['first', 'second', 'first']);
    expect(registry.downloads()).toBe(1);
  });

  it('tells of each step', async () => {
    const steps: ModelProgress[] = [];
    await openStore({ onProgress: (progress) => steps.push(progress) }).ensure(['first', 'second']);
    expect(steps).toEqual([
      { step: 'download', subject: 'sightline-test-assets@1.0.0', done: 0, total: 2 },
      { step: 'ready', subject: 'first', done: 1, total: 2 },
      { step: 'ready', subject: 'second', done: 2, total: 2 },
    ]);
  });

  it('lets two callers of one store share a download', async () => {
    const store = openStore();
    await Promise.all([store.ensure(['first', 'second']), store.ensure(['second', 'first'])]);
    expect(registry.downloads()).toBe(1);
  });

  it('lets stores that know nothing of each other fetch into one folder', async () => {
    const stores = [openStore(), openStore(), openStore()];
    await Promise.all(stores.map((store) => store.ensure(['first', 'second'])));
    expect((await openStore().verify()).map(({ state }) => state)).toEqual(['ready', 'ready']);
    expect(await cached()).toEqual(['first.bin', 'second.bin']);
  });

  it('works again after a failure', async () => {
    const store = openStore();
    vi.stubEnv('npm_config_registry', `${registry.url}nowhere/`);
    await expect(store.ensure('first')).rejects.toMatchObject({ code: 'MODEL_FETCH_FAILED' });
    vi.stubEnv('npm_config_registry', registry.url);
    await expect(store.ensure('first')).resolves.toBe(join(cacheDir, 'first.bin'));
  });

  it('clears away what a killed fetch left behind long ago, and no more', async () => {
    for (const name of ['.fetch-old', '.fetch-new']) await mkdir(join(cacheDir, name), { recursive: true });
    await utimes(join(cacheDir, '.fetch-old'), 0, 0);
    await openStore().ensure('first');
    expect(await cached()).toEqual(['.fetch-new', 'first.bin']);
  });
});

describe('what is in the cache', () => {
  it('is missing before it is fetched, and ready after', async () => {
    const store = openStore();
    expect((await store.list()).map(({ state, bytes }) => [state, bytes])).toEqual([
      ['missing', null],
      ['missing', null],
    ]);
    await store.ensure('first');
    expect((await store.list()).map(({ state, bytes }) => [state, bytes])).toEqual([
      ['ready', 14],
      ['missing', null],
    ]);
  });

  it('is fetched again when a file was cut off or changed', async () => {
    const store = openStore();
    for (const content of ['the fir', 'THE FIRST FILE']) {
      await store.ensure('first');
      await writeFile(join(cacheDir, 'first.bin'), content);
      await utimes(join(cacheDir, 'first.bin'), 1, 1);
      expect((await store.list())[0]?.state).toBe('damaged');
      await store.ensure('first');
      expect(await readFile(join(cacheDir, 'first.bin'), 'utf8')).toBe('the first file');
    }
  });

  it('is still ready when only the time of change differs, as after a copy', async () => {
    await openStore().ensure('first');
    await utimes(join(cacheDir, 'first.bin'), 1, 1);
    await openStore().ensure('first');
    expect(registry.downloads()).toBe(1);
  });

  it('is fetched again when the manifest asks for another conversion or file', async () => {
    await openStore().ensure('first');
    const [first] = assets as [Asset];
    const changed = { ...first, conversion: { kind: 'mediapipe-metadata' } } as const;
    expect((await openStore({ assets: [changed] }).list())[0]?.state).toBe('missing');
  });

  it('is hashed by verify, which has a change found that keeps size and time', async () => {
    const store = openStore();
    const path = await store.ensure('first');
    const { atime, mtime } = await stat(path);
    await writeFile(path, 'THE FIRST FILE');
    await utimes(path, atime, mtime);
    expect((await store.verify()).map(({ state }) => state)).toEqual(['damaged', 'missing']);
    await store.ensure('first');
    expect((await store.verify()).map(({ state }) => state)).toEqual(['ready', 'missing']);
  });
});

describe('failures', () => {
  it('names an id that does not exist', async () => {
    await expect(openStore().ensure(['first', 'third'])).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: 'Expected one of first, second but received "third"',
    });
    expect(registry.downloads()).toBe(0);
  });

  it('refuses a file with another checksum, and leaves nothing of it', async () => {
    const wrong = assets.map((asset) =>
      asset.id === 'second' ? { ...asset, sha256: 'f'.repeat(64) } : asset,
    );
    const failure = openStore({ assets: wrong }).ensure(['first', 'second']);
    await expect(failure).rejects.toMatchObject({
      code: 'MODEL_CHECKSUM_MISMATCH',
      message: `Expected deep/b.bin of sightline-test-assets@1.0.0 to have sha256 ${'f'.repeat(64)} but received ${assets[1]?.sha256}`,
    });
    expect(await cached()).toEqual(['first.bin']);
  });

  it('refuses a second file with another checksum, or none', async () => {
    const [first] = assets as [Asset];
    const withSecond = (path: string): Asset => ({
      ...first,
      conversion: { kind: 'dlib-to-onnx', weightsManifest: { path, sha256: 'f'.repeat(64) } },
    });
    await expect(openStore({ assets: [withSecond('deep/b.bin')] }).ensure('first')).rejects.toMatchObject({
      code: 'MODEL_CHECKSUM_MISMATCH',
      message: expect.stringContaining('Expected deep/b.bin of') as string,
    });
    await expect(openStore({ assets: [withSecond('gone.json')] }).ensure('first')).rejects.toMatchObject({
      code: 'MODEL_FETCH_FAILED',
      message: expect.stringContaining('gone.json') as string,
    });
    expect(await cached()).toEqual([]);
  });

  it('says so when the package lacks the file', async () => {
    const lost = testAsset('lost', 'gone.txt', '');
    await expect(openStore({ assets: [lost] }).ensure('lost')).rejects.toMatchObject({
      code: 'MODEL_FETCH_FAILED',
      message: expect.stringContaining('gone.txt') as string,
    });
    expect(await cached()).toEqual([]);
  });

  it('says so when the registry has no such version', async () => {
    const newer = { ...testAsset('newer', 'a.txt', ''), version: '9.9.9' };
    await expect(openStore({ assets: [newer] }).ensure('newer')).rejects.toMatchObject({
      code: 'MODEL_FETCH_FAILED',
      message: expect.stringContaining('ETARGET') as string,
    });
  });

  it('passes on why npm could not reach the registry, without its password', async () => {
    vi.stubEnv('npm_config_registry', `http://user:secret@127.0.0.1:${await closedPort()}/`);
    const failure: unknown = await openStore()
      .ensure('first')
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'MODEL_FETCH_FAILED',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
    expect(String(failure)).not.toContain('secret');
    expect(await cached()).toEqual([]);
  });

  it('says so when the file does not convert', async () => {
    const notTflite: Asset = {
      ...testAsset('first', 'a.txt', files['a.txt']),
      conversion: { kind: 'mediapipe-metadata' },
    };
    await expect(openStore({ assets: [notTflite] }).ensure('first')).rejects.toMatchObject({
      code: 'MODEL_CONVERSION_FAILED',
      message: 'first could not be converted: expected a flatbuffer with the identifier TFL3',
    });
    expect(await cached()).toEqual([]);
  });

  it('says so when the cache cannot be a folder', async () => {
    await writeFile(join(folder, 'file'), '');
    for (const impossible of [join(folder, 'file'), join(folder, 'file', 'below')]) {
      const store = new ModelStore({ cacheDir: impossible, assets });
      await expect(store.ensure('first')).rejects.toMatchObject({
        code: 'MODEL_CACHE_UNWRITABLE',
        message: expect.stringContaining(impossible) as string,
      });
    }
  });

  it('says so when something bars the way to a final name, and clears up', async () => {
    await mkdir(join(cacheDir, 'first.bin', 'inside'), { recursive: true });
    await expect(openStore().ensure('first')).rejects.toMatchObject({ code: 'MODEL_CACHE_UNWRITABLE' });
    expect(await cached()).toEqual(['first.bin']);
  });
});

describe('a full disk', { tags: ['small-disk'] }, () => {
  it.each([
    ['when npm writes the tarball', randomBytes(150_000)],
    ['when the tarball is unpacked', Buffer.alloc(150_000)],
    ['when the result is written', Buffer.alloc(40_000)],
  ])('%s is told, and leaves nothing half-written', async (_, content) => {
    await mkdir(cacheDir);
    const own = await startRegistry({ 'big.bin': content });
    vi.stubEnv('npm_config_registry', own.url);
    const child = await onSmallDisk('64k', 'ensure', testAsset('big', 'big.bin', content), {
      folder,
      cacheDir,
    });
    await own.close();
    expect(child).toEqual({ code: 'MODEL_CACHE_UNWRITABLE', told: true, left: [] });
  });
});
