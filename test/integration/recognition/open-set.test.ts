import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.js';
import { rulesFor } from '../../../src/recognition/decision/decision.js';
import { Gallery } from '../../../src/recognition/gallery/gallery.js';
import { TrackRecognition } from '../../../src/recognition/track/track-recognition.js';
import { findEmbedder } from '../../../src/recognition/embedding/embedder-specs.js';
import { startDetector, startEmbedder } from './faces.js';
import type { Storage } from '../../../src/core/storage.js';
import { openStorage } from '../../../src/storage/open-storage.js';
import { playTracks, randomFrom, type PhotoTrack } from './lfw-tracks.js';

/**
 * Strangers among enrolled people, at the default setting. Its thresholds come from the same photos (docs/recognition.md):
 * this is no independent test of them.
 *
 * SIGHTLINE_CALIBRATE prints the table of docs/recognition.md; it takes some minutes more.
 */
const calibrate = process.env['SIGHTLINE_CALIBRATE'] !== undefined;
const { embedder: embedderId, threshold, falseNameRate } = configSchema.parse({}).recognition;
const spec = findEmbedder(embedderId);

interface Outcome {
  readonly people: number;
  readonly strangers: number;
  readonly falseNames: number;
  readonly probes: number;
  readonly rightNames: number;
  readonly wrongNames: number;
}

let folder: string;
let store: Storage;
let byPerson: Map<string, PhotoTrack[]>;

function groupByPerson(tracks: readonly PhotoTrack[]): Map<string, PhotoTrack[]> {
  const groups = new Map<string, PhotoTrack[]>();
  for (const track of tracks) groups.set(track.person, [...(groups.get(track.person) ?? []), track]);
  return groups;
}

/** In random order; the same seed gives the same one. */
function shuffled<T>(list: readonly T[], seed: number): T[] {
  const random = randomFrom(seed);
  return list
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/** A gallery of the first observation of each person's first photo. */
async function enrolled(people: readonly string[]): Promise<Gallery> {
  const gallery = await Gallery.open({ store, spec, onError: () => {} });
  for (const name of people) {
    const [observation] = byPerson.get(name)?.[0]?.observations ?? [];
    if (observation)
      gallery.add(
        { faceId: name, person: { id: name, name }, role: 'example', vector: observation.vector },
        0,
      );
  }
  return gallery;
}

/** Every name that a track is ever given. */
async function namesOf({ observations }: PhotoTrack, gallery: Gallery): Promise<Set<string>> {
  const track = new TrackRecognition();
  const rules = rulesFor(spec, { threshold, falseNameRate }, gallery.faces);
  const names = new Set<string>();
  for (const observation of observations) {
    await track.add(observation, gallery, rules);
    if (track.identity.state === 'known') names.add(track.identity.person.id);
  }
  return names;
}

/** Enrols some people, then shows all the others, and the enrolled ones from photos of theirs that are not enrolled. */
async function openSet(people: readonly string[]): Promise<Outcome> {
  const gallery = await enrolled(people);
  const outcome = {
    people: people.length,
    strangers: 0,
    falseNames: 0,
    probes: 0,
    rightNames: 0,
    wrongNames: 0,
  };
  for (const [person, tracks] of byPerson) {
    const known = people.includes(person);
    for (const track of known ? tracks.slice(1) : tracks) {
      const names = await namesOf(track, gallery);
      if (known) outcome.probes++;
      else outcome.strangers++;
      if (!known && names.size > 0) outcome.falseNames++;
      if (known && names.has(person)) outcome.rightNames++;
      if (known && [...names].some((name) => name !== person)) outcome.wrongNames++;
    }
  }
  await gallery.close();
  return outcome;
}

function sum(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce((a, b) => ({
    people: a.people,
    strangers: a.strangers + b.strangers,
    falseNames: a.falseNames + b.falseNames,
    probes: a.probes + b.probes,
    rightNames: a.rightNames + b.rightNames,
    wrongNames: a.wrongNames + b.wrongNames,
  }));
}

describe('strangers among enrolled people', { tags: ['lfw'] }, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sightline-open-set-'));
    store = await openStorage({ data: folder });
    const [detector, embedder] = await Promise.all([startDetector('mtcnn', 50), startEmbedder({ spec })]);
    const tracks = await playTracks(calibrate ? Infinity : 2, calibrate ? 7 : 5, detector, embedder);
    byPerson = groupByPerson(tracks);
    await Promise.all([detector.close(), embedder.close()]);
  }, 1_200_000);
  afterAll(async () => {
    await store?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it('gives at most 1 in 1,000 a name when half the people are enrolled, and names those', async () => {
    const outcomes: Outcome[] = [];
    for (const seed of [1, 2, 3, 4, 5]) {
      const people = shuffled([...byPerson.keys()], seed);
      const half = people.length >> 1;
      for (const side of [people.slice(0, half), people.slice(half)]) outcomes.push(await openSet(side));
    }
    const total = sum(outcomes);
    console.log(JSON.stringify(total));
    expect(total.strangers).toBeGreaterThan(3000);
    expect(total.falseNames / total.strangers).toBeLessThanOrEqual(0.001);
    expect(total.rightNames / total.probes).toBeGreaterThan(0.75);
    expect(total.wrongNames / total.probes).toBeLessThanOrEqual(0.001);
  });

  it('prints the table of gallery sizes', { tags: ['calibration'], timeout: 1_200_000 }, async () => {
    for (const [size, splits] of [
      [5, 60],
      [50, 30],
      [480, 10],
      [900, 20],
    ] as const) {
      const outcomes: Outcome[] = [];
      for (let seed = 0; seed < splits; seed++)
        outcomes.push(await openSet(shuffled([...byPerson.keys()], 1000 + seed).slice(0, size)));
      console.log(JSON.stringify(sum(outcomes)));
    }
  });
});
