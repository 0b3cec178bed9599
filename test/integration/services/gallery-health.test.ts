import { once, EventEmitter } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { GalleryWatch } from '../../../src/app/gallery-watch.js';
import { l2Normalise } from '../../../src/core/distance.js';
import type { Storage } from '../../../src/core/storage.js';
import { findEmbedder } from '../../../src/recognition/embedding/embedder-specs.js';
import { Gallery } from '../../../src/recognition/gallery/gallery.js';
import { GalleryHealth } from '../../../src/services/gallery-health.js';
import type { GalleryReport } from '../../../src/services/gallery-report.js';
import { seededRandom } from '../../../src/training/random.js';
import { face, galleryFile } from '../storage/made-up.js';

const file = galleryFile();
const spec = findEmbedder('mobilefacenet');
const thresholds = { threshold: null, falseNameRate: 0.001 };
const random = seededRandom(3);
const faces = new Map<string, Float32Array>();
let photos = 0;

function direction(): Float32Array {
  const normal = (): number => Array.from({ length: 12 }, random).reduce((sum, value) => sum + value, -6);
  return l2Normalise(Float32Array.from({ length: spec.dimension }, normal));
}

/** A face on a made-up photo; two photos of one face have a cosine of about .75. */
function photoOf(who: string): Float32Array {
  const known = faces.get(who) ?? direction();
  faces.set(who, known);
  const noise = direction();
  return l2Normalise(known.map((value, index) => value * 0.866 + noise[index]! * 0.5));
}

async function enrol(store: Storage, name: string, vector = photoOf(name)): Promise<string> {
  const embedding = { model: spec.model, vector };
  return (await store.people.addFace(name, face(photos++, { quality: 0.9, embedding }))).face.id;
}

async function openHealth() {
  const store = await file.open();
  for (const name of ['Ana', 'Ben', 'Cem', 'Dora', 'Eve'])
    for (let count = 0; count < 4; count++) await enrol(store, name);
  const gallery = await Gallery.open({ store, spec, onError: () => undefined });
  onTestFinished(() => gallery.close());
  const applied: GalleryReport[] = [];
  const health = new GalleryHealth({
    store,
    model: () => ({ gallery, spec, thresholds }),
    onApplied: (report) => applied.push(report),
  });
  return { store, gallery, health, applied };
}

describe('the health of a gallery', () => {
  it('tells what it would do, does it, and undoes it for good', async () => {
    const { store, gallery, health, applied } = await openHealth();
    const wrong = await enrol(store, 'Ana', photoOf('Ben'));
    await gallery.reload();
    const told = await health.check({ apply: false });
    expect(told).toMatchObject({ applied: false, people: 5, photos: 21, sameFaces: [], lookAlikes: [] });
    expect(told.setAside).toMatchObject([
      { photo: { id: wrong }, person: { name: 'Ana' }, other: { name: 'Ben' }, reason: 'looks-like-other' },
    ]);
    expect(told.setAside[0]!.message).toMatch(/^A photo of Ana looks like Ben at distance 0\.\d\d/);
    expect([gallery.faces, applied]).toEqual([21, []]);

    const done = await health.check({ apply: true });
    expect(done.setAside).toHaveLength(1);
    expect(applied).toEqual([done]);
    expect(gallery.faces).toBe(20);
    expect((await store.people.face(wrong))?.setAside).toMatchObject({ other: { name: 'Ben' } });
    expect((await health.check({ apply: true })).setAside).toEqual([]);

    expect(await health.restorePhoto(wrong)).toMatchObject({ setAside: null, isConfirmed: true });
    expect(gallery.faces).toBe(21);
    expect((await health.check({ apply: true })).setAside).toEqual([]);
    await expect(health.restorePhoto('nobody')).rejects.toMatchObject({ code: 'PHOTO_NOT_FOUND' });
  });

  it('has look-alikes need a smaller distance until somebody revokes it', async () => {
    const { store, gallery, health } = await openHealth();
    const [own] = [photoOf('Fay')];
    await enrol(store, 'Fay', own);
    await enrol(store, 'Fay', own.slice());
    // Gus looks like Fay at a cosine of .62, a distance of .87: two people whom the usual threshold confuses.
    const other = direction();
    const gus = l2Normalise(own.map((value, index) => value * 0.62 + other[index]! * 0.785));
    await enrol(store, 'Gus', gus);
    await gallery.reload();
    const { lookAlikes } = await health.check({ apply: true });
    expect(lookAlikes).toHaveLength(1);
    expect(lookAlikes[0]!.people.map(({ name }) => name).toSorted()).toEqual(['Fay', 'Gus']);
    const { distance, threshold } = lookAlikes[0]!;
    expect(threshold).toBeLessThan(distance);
    expect(distance - threshold).toBeLessThanOrEqual(0.001 + 1e-9);
    const [nearest] = await gallery.match(own, 1);
    expect(nearest).toMatchObject({
      person: { name: 'Fay' },
      lookAlike: { person: { name: 'Gus' }, threshold },
    });
    expect((await health.check({ apply: true })).lookAlikes).toEqual([]);

    const ids = lookAlikes[0]!.people.map(({ id }) => id) as [string, string];
    await health.revokeLookAlikes(ids, true);
    expect((await gallery.match(own, 1))[0]!.lookAlike).toBeUndefined();
    expect((await health.check({ apply: true })).lookAlikes).toEqual([]);
    expect(await health.lookAlikes()).toMatchObject([{ isRevoked: true }]);
    await expect(health.revokeLookAlikes(['a', 'b'], true)).rejects.toMatchObject({
      code: 'LOOK_ALIKES_NOT_FOUND',
    });
  });

  it('is watched over: checked once the gallery has changed and rested', async () => {
    const { store, gallery, health } = await openHealth();
    const checks = new EventEmitter();
    const lines: string[] = [];
    const watch = new GalleryWatch({
      health: {
        check: async (options) => {
          const report = await health.check(options);
          setImmediate(() => checks.emit('checked', report));
          return report;
        },
      },
      apply: false,
      revision: () => gallery.revision,
      log: {
        info: () => undefined,
        warn: (line: unknown) => void lines.push(String(line)),
        error: () => undefined,
      },
      restMs: 20,
    });
    onTestFinished(() => watch.close());
    await once(checks, 'checked');
    expect(lines).toEqual([]);
    const wrong = await enrol(store, 'Ana', photoOf('Ben'));
    await gallery.reload();
    await once(checks, 'checked');
    expect(lines).toEqual([expect.stringMatching(new RegExp(`^A photo of Ana looks like Ben .*${wrong}`))]);
    expect(gallery.faces).toBe(21);
    await watch.close();
  });
});
