import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { EventDraft } from '../../../src/events/identity-event.js';
import type { Calibration } from '../../../src/recognition/calibration/calibration.js';
import type { RecognitionModel } from '../../../src/recognition/track/recognizer.js';
import type { Storage } from '../../../src/core/storage.js';
import { arcFaceTemplate } from '../../../src/core/similarity.js';
import { LocalCalibration } from '../../../src/services/calibration.js';
import { openStorage } from '../../../src/storage/open-storage.js';
import { temporaryFolder } from '../../helpers/sightline.js';
import { madeUpEmbedder, MadeUpPeople } from '../../unit/recognition/calibration/made-up-place.js';

const spec = madeUpEmbedder();
const { model } = spec;
const crop = { png: Uint8Array.of(137, 80), landmarks: arcFaceTemplate };
const dayMs = 86_400_000;
const alike = 0.5;

let folder: ReturnType<typeof temporaryFolder>;
let store: Storage;
let made: MadeUpPeople;
let tracks: number;

beforeEach(async () => {
  folder = temporaryFolder();
  store = await openStorage({ data: folder.path });
  made = new MadeUpPeople(11);
  tracks = 0;
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

async function enroll(name: string, vector: Float32Array): Promise<string> {
  const photo = { photoName: `${name}.jpg`, photoHash: name, quality: 1, crop };
  const { person } = await store.people.addFace(name, { ...photo, embedding: { model, vector } });
  return person.id;
}

/** Somebody unknown comes by. @returns their id */
async function visit(vector: Float32Array, personId: string | null = null, day = 1): Promise<string> {
  const track = { key: `door/${tracks++}`, cameraId: 'door', seenAt: day * dayMs + tracks };
  const revision = await store.revision('unknownPeople');
  const add = [{ quality: 0.5, embedding: { model, vector }, crop }];
  const change = { track, personId, add, remove: [], limit: 1000 };
  const done = await store.tracks.recordUnknown(change, revision);
  return done!.person.id;
}

async function visitors(count: number, likeness = alike, day = 1): Promise<string[]> {
  const ids: string[] = [];
  for (const vector of made.people(count, likeness)) ids.push(await visit(vector, null, day));
  return ids;
}

async function household(): Promise<string[]> {
  const ids: string[] = [];
  for (const [index, vector] of made.people(4, alike).entries())
    ids.push(await enroll(`Person ${index}`, vector));
  return ids;
}

/** The service with a recognition that only remembers, as after a start of the program. */
async function start(enabled = true) {
  const published: EventDraft[] = [];
  const set: (Calibration | null)[] = [];
  const warned: unknown[] = [];
  const log = { warn: (...line: unknown[]) => void warned.push(line), error: fail };
  const publisher = { publish: (draft: EventDraft) => void published.push(draft) };
  const thresholds = { threshold: null, falseNameRate: 1e-3 };
  const recognition = {
    model: { spec, thresholds, gallery: { faces: 4 } } as unknown as RecognitionModel,
    setCalibration: (calibration: Calibration | null) => void set.push(calibration),
  };
  const service = new LocalCalibration({ enabled, store, publisher, log });
  onTestFinished(() => service.close());
  await service.serve(recognition);
  await service.update();
  return { service, published, set, warned };
}

function fail(...line: unknown[]): never {
  throw new Error(`Expected no error in the log but received ${JSON.stringify(line)}`);
}

describe('LocalCalibration', () => {
  it('starts from the embedder’s figures, and moves them with an event once people were seen', async () => {
    await household();
    const { service, published, set } = await start();
    expect(set).toEqual([null]);
    await visitors(2);
    await service.update();
    expect(published).toEqual([]);
    await visitors(10);
    await service.update();
    expect(service.inForce).toMatchObject({ model, people: 12 });
    expect(service.inForce?.shift).toBeLessThan(-0.05);
    expect(set.at(-1)).toBe(service.inForce);
    const [event, ...others] = published;
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      type: 'sightline.recognition.calibrated',
      source: '/recognition',
      data: { embedder: 'made-up', people: 12 },
    });
    const { threshold, shift } = (event as Extract<EventDraft, { type: 'sightline.recognition.calibrated' }>)
      .data;
    expect(threshold.after - threshold.before).toBeCloseTo(shift, 3);
  });

  it('is kept over a restart, which tells nothing', async () => {
    await household();
    await visitors(12);
    const first = await start();
    expect(first.published).toHaveLength(1);
    const second = await start();
    expect(second.set).toEqual([first.service.inForce]);
    expect(second.published).toEqual([]);
  });

  it('counts one more like the others without moving the threshold', async () => {
    await household();
    for (const day of [1, 2]) await visitors(15, alike, day);
    const visitor = made.person(0.9);
    const id = await visit(visitor);
    const { service, published } = await start();
    const before = service.inForce;
    // The same visitor again and again is still one of many.
    for (let count = 0; count < 200; count++) await visit(made.photo(visitor), id);
    await service.update();
    expect(service.inForce).toMatchObject({ people: 31 });
    expect(Math.abs((service.inForce?.shift ?? 0) - (before?.shift ?? 0))).toBeLessThan(0.02);
    await visit(made.person(alike), null, 2);
    await service.update();
    expect(service.inForce).toMatchObject({ people: 32 });
    expect(published.length).toBeLessThanOrEqual(2);
  });

  it('forgets those who are dismissed, and goes back to the embedder’s figures with an event', async () => {
    await household();
    const ids = await visitors(12);
    const { service, published } = await start();
    for (const id of ids.slice(1)) await store.tracks.dismiss(id);
    await service.update();
    expect(service.inForce).toMatchObject({ people: 1, shift: 0 });
    expect(published.at(-1)).toMatchObject({ data: { people: 1, shift: 0 } });
    expect(published).toHaveLength(2);
  });

  it('forgets those of the gallery who are erased', async () => {
    const people = await household();
    await visitors(12);
    const { service } = await start();
    for (const id of people) await store.people.removePerson(id);
    await service.update();
    expect(service.inForce).toMatchObject({ people: 0, shift: 0 });
  });

  it('cannot be moved far by a flood of faces within a day', async () => {
    await household();
    for (const day of [1, 2, 3, 4]) await visitors(15, alike, day);
    const { service } = await start();
    const before = service.inForce?.shift ?? 0;
    await visitors(300, 0, 5);
    await service.update();
    expect(service.inForce).toMatchObject({ people: 80 });
    // A flood of faces that resemble nobody must not buy back what local people cost.
    expect(service.inForce?.shift).toBeLessThan(0.6 * before);
  });

  it('is off when the configuration says so, and tells that it was on before', async () => {
    await household();
    await visitors(12);
    await start();
    const { service, published } = await start(false);
    expect(service.inForce).toMatchObject({ people: 0, shift: 0 });
    expect(published).toMatchObject([{ data: { people: 0, shift: 0 } }]);
  });

  it('estimates anew when what is kept cannot be read', async () => {
    await household();
    await visitors(12);
    await store.settings.save('calibration', { shift: 'much' });
    const { service, warned } = await start();
    expect(warned).toHaveLength(1);
    expect(service.inForce).toMatchObject({ people: 12 });
  });
});
