import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { NewEvent } from '../../../src/core/event-store.js';
import type { NewFace } from '../../../src/core/people-store.js';
import { arcFaceTemplate } from '../../../src/core/similarity.js';
import type { NewObservation, Snapshot, TrackRef, UnknownPerson } from '../../../src/core/track-store.js';
import type { Storage } from '../../../src/core/storage.js';
import { openStorage } from '../../../src/storage/open-storage.js';

export const model = { id: 'test-net', version: '1' };

/** A gallery file for each test of a file; stores of it are closed after each. */
export function galleryFile(): { readonly path: string; open(): Promise<Storage> } {
  let folder = '';
  const stores: Storage[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sightline-store-'));
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    rmSync(folder, { recursive: true, force: true });
  });
  const file = {
    get path() {
      return join(folder, 'gallery.db');
    },
    async open() {
      const store = await openStorage({ data: folder });
      stores.push(store);
      return store;
    },
  };
  return file;
}

/** Photos of different numbers are different photos. */
export function face(number: number, change: Partial<NewFace> = {}): NewFace {
  const vector = Float32Array.of(number, 1, 2, 3);
  const crop = { png: Uint8Array.of(137, 80, number % 256), landmarks: arcFaceTemplate };
  const photo = { photoName: `${number}.jpg`, photoHash: `hash ${number}` };
  return { ...photo, quality: 0.5, embedding: { model, vector }, crop, ...change };
}

export function sighting(quality = 0.5): NewObservation {
  const vector = Float32Array.of(quality, 1, 2, 3);
  const crop = { png: Uint8Array.of(137, 80, 100 * quality), landmarks: arcFaceTemplate };
  return { quality, embedding: { model, vector }, crop };
}

export function snapshot(quality = 0.5): Snapshot {
  return { jpeg: Uint8Array.of(255, 216, 100 * quality), landmarks: arcFaceTemplate, quality };
}

export function track(key: string, seenAt = 1000, cameraId = 'door'): TrackRef {
  return { key, cameraId, seenAt };
}

/** Says that a track is a stranger's. */
export async function recordUnknown(
  store: Storage,
  ref: TrackRef,
  personId: string | null = null,
  add: readonly NewObservation[] = [sighting()],
  limit = 100,
): Promise<UnknownPerson> {
  const revision = await store.revision('unknownPeople');
  const done = await store.tracks.recordUnknown({ track: ref, personId, add, remove: [], limit }, revision);
  if (!done) throw new Error('Expected the revision to be the newest');
  return done.person;
}

/** Ids sort by number. */
export function event(number: number, change: Partial<NewEvent> = {}): NewEvent {
  const id = `E${String(number).padStart(8, '0')}`;
  const people = change.personId ? [change.personId] : [];
  const about = { cameraId: 'door', trackKey: null, personId: null, people };
  return { id, time: number * 1000, type: 'sightline.track.started', ...about, data: { number }, ...change };
}
