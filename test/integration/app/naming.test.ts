import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Naming } from '../../../src/app/naming.js';
import { Recognition } from '../../../src/app/recognition.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { createLogger } from '../../../src/observability/logger.js';
import { encodeCrop } from '../../../src/recognition/embedding/stored-crop.js';
import { SqliteGalleryStore } from '../../../src/storage/sqlite/gallery-store.js';
import { temporaryFolder } from '../../helpers/sightline.js';
import { spec, noiseCrop } from '../recognition/faces.js';

const log = createLogger({ level: 'silent', redact: (text) => text });
const models = new ModelStore({ cacheDir: defaultCacheDir() });
let folder: ReturnType<typeof temporaryFolder>;
let store: SqliteGalleryStore;

beforeEach(() => {
  folder = temporaryFolder();
  store = new SqliteGalleryStore(join(folder.path, 'gallery.db'));
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

async function start(recognition: object = {}) {
  const config = await loadConfig({ environment: {}, commandLine: { data: folder.path, recognition } });
  const naming = await Naming.read(config, log);
  const opened = await Recognition.open({ config, models, store, log });
  onTestFinished(() => opened.close());
  naming.serve(opened);
  return { naming, recognition: opened };
}

describe('Naming', () => {
  it('is in force at once, and after a restart until the configuration says otherwise', async () => {
    const { naming, recognition } = await start();
    const onNaming = vi.fn();
    recognition.onChange({ onSwitch: () => undefined, onNaming });
    const derived = naming.get();
    expect(derived).toMatchObject({ threshold: null, falseNameRate: 0.001, embedder: 'mobilefacenet' });
    await Promise.all([naming.set({ threshold: 0.7 }), naming.set({ falseNameRate: 0.01 })]);
    expect(naming.get()).toMatchObject({ threshold: 0.7, falseNameRate: 0.01, effectiveThreshold: 0.7 });
    expect(recognition.model.naming).toEqual({ threshold: 0.7, falseNameRate: 0.01 });
    expect(onNaming).toHaveBeenLastCalledWith({ threshold: 0.7, falseNameRate: 0.01 });
    const second = await start();
    expect(second.recognition.model.naming).toEqual({ threshold: 0.7, falseNameRate: 0.01 });
    await second.naming.set({ threshold: null });
    expect(second.naming.get().effectiveThreshold).toBeGreaterThan(derived.effectiveThreshold);
    expect((await start({ falseNameRate: 0.002 })).naming.get()).toMatchObject({
      threshold: null,
      falseNameRate: 0.002,
    });
  });

  it('holds for the next embedder, whose distances a threshold speaks of', async () => {
    const embedding = { model: spec.model, vector: new Float32Array(spec.dimension).fill(0.1) };
    const photo = { photoName: 'a.jpg', photoHash: 'a', quality: 1, embedding };
    await store.addFace('Ana', { ...photo, crop: await encodeCrop(noiseCrop(1)) });
    const { naming, recognition } = await start({ embedder: 'fr-feature' });
    expect(recognition.model.spec).toBe(spec);
    const switched = new Promise<number | null>((resolve) =>
      recognition.onChange({
        onSwitch: (model) => resolve(model.naming.threshold),
        onNaming: () => undefined,
      }),
    );
    await naming.set({ threshold: 0.5 });
    expect(await switched).toBe(0.5);
    expect(naming.get()).toMatchObject({ effectiveThreshold: 0.5, embedder: 'fr-feature' });
  });

  it('stays as it was when it cannot be kept', async () => {
    const { naming, recognition } = await start();
    rmSync(folder.path, { recursive: true });
    await expect(naming.set({ threshold: 0.5 })).rejects.toMatchObject({ code: 'DATA_UNWRITABLE' });
    expect(recognition.model.naming.threshold).toBeNull();
  });

  it('says that its file is broken', async () => {
    writeFileSync(join(folder.path, 'settings.json'), '{"version": 1}');
    await expect(start()).rejects.toMatchObject({
      code: 'SETTINGS_CORRUPT',
      message: expect.stringContaining('at recognition') as string,
    });
  });
});
