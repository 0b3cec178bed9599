import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Thresholds } from '../../../src/services/thresholds.js';
import { Recognition } from '../../../src/app/recognition.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { createLogger } from '../../../src/observability/logger.js';
import { encodeCrop } from '../../../src/recognition/embedding/crop.js';
import { SightlineError } from '../../../src/core/errors.js';
import type { Storage } from '../../../src/core/storage.js';
import { openStorage } from '../../../src/storage/open-storage.js';
import { temporaryFolder } from '../../helpers/sightline.js';
import { spec, noiseCrop } from '../recognition/faces.js';

const log = createLogger({ level: 'silent', redact: (text) => text });
const models = new ModelStore({ cacheDir: defaultCacheDir() });
let folder: ReturnType<typeof temporaryFolder>;
let store: Storage;

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStorage({ data: folder.path });
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

async function start(recognition: object = {}) {
  const config = await loadConfig({ environment: {}, commandLine: { data: folder.path, recognition } });
  const naming = await Thresholds.read(config, store.settings, log);
  const opened = await Recognition.open({ config, models, store, log });
  onTestFinished(() => opened.close());
  naming.serve(opened);
  return { naming, recognition: opened };
}

describe('Thresholds', () => {
  it('is in force at once, and after a restart until the configuration says otherwise', async () => {
    const { naming, recognition } = await start();
    const onThresholds = vi.fn();
    recognition.onChange({ onSwitch: () => undefined, onThresholds });
    const derived = naming.get();
    expect(derived).toMatchObject({
      threshold: null,
      falseNameRate: 0.001,
      embedder: 'mobilefacenet+fr-feature',
    });
    await Promise.all([naming.set({ threshold: 0.7 }), naming.set({ falseNameRate: 0.01 })]);
    expect(naming.get()).toMatchObject({ threshold: 0.7, falseNameRate: 0.01, effectiveThreshold: 0.7 });
    expect(recognition.model.thresholds).toEqual({ threshold: 0.7, falseNameRate: 0.01 });
    expect(onThresholds).toHaveBeenLastCalledWith({ threshold: 0.7, falseNameRate: 0.01 });
    const second = await start();
    expect(second.recognition.model.thresholds).toEqual({ threshold: 0.7, falseNameRate: 0.01 });
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
    await store.people.addFace('Ana', { ...photo, crop: await encodeCrop(noiseCrop(1)) });
    const { naming, recognition } = await start({ embedder: 'fr-feature' });
    expect(recognition.model.spec).toBe(spec);
    const switched = new Promise<number | null>((resolve) =>
      recognition.onChange({
        onSwitch: (model) => resolve(model.thresholds.threshold),
        onThresholds: () => undefined,
      }),
    );
    await naming.set({ threshold: 0.5 });
    expect(await switched).toBe(0.5);
    expect(naming.get()).toMatchObject({ effectiveThreshold: 0.5, embedder: 'fr-feature' });
  });

  it('keeps the rate, and no distance, of the embedder that was configured before', async () => {
    const warn = vi.spyOn(log, 'warn');
    onTestFinished(() => warn.mockRestore());
    const { naming } = await start({ embedder: 'mobilefacenet' });
    await naming.set({ falseNameRate: 0.01 });
    expect((await start()).naming.get()).toMatchObject({ threshold: null, falseNameRate: 0.01 });
    expect(warn).not.toHaveBeenCalled();
    await naming.set({ threshold: 0.7 });
    expect((await start()).naming.get()).toMatchObject({ threshold: null, falseNameRate: 0.01 });
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      { threshold: 0.7, embedder: 'mobilefacenet+fr-feature', before: 'mobilefacenet' },
      expect.stringMatching(/a distance of another embedder/),
    );
  });

  it('stays as it was when it cannot be kept', async () => {
    const { naming, recognition } = await start();
    vi.spyOn(store.settings, 'save').mockRejectedValueOnce(new SightlineError('DISK_FULL', 'Expected room.'));
    await expect(naming.set({ threshold: 0.5 })).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(recognition.model.thresholds.threshold).toBeNull();
  });

  it('says that what is kept is broken', async () => {
    await store.settings.save('recognition', { stated: {} });
    await expect(start()).rejects.toMatchObject({
      code: 'SETTINGS_CORRUPT',
      message: expect.stringContaining('at recognition') as string,
    });
  });
});
