import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Gallery } from '../../../src/recognition/gallery/gallery.js';
import { UnknownPeople } from '../../../src/recognition/unknown/unknown-people.js';
import { noiseCrop, spec, startDetector, startEmbedder } from './faces.js';
import { embedPhotos, lfwImages } from './lfw.js';
import { openStorage } from '../../../src/storage/open-storage.js';

/** All of LFW's development view instead of a part, with the figures printed. */
const calibrate = process.env['SIGHTLINE_CALIBRATE'] === 'unknown';

/** Photos of a part of the people: all who have three or more, and as many others. */
function choosePhotos(): Map<string, string[]> {
  const all = readdirSync(lfwImages).map(
    (name) => [name, readdirSync(join(lfwImages, name)).sort()] as const,
  );
  const often = all.filter(([, photos]) => photos.length >= 3);
  const others = all.filter(([, photos]) => photos.length < 3);
  const chosen = calibrate ? all : [...often.slice(0, 24), ...others.slice(0, 60)];
  return new Map(chosen.map(([name, photos]) => [name, photos.map((photo) => `${name}/${photo}`)]));
}

interface Found {
  readonly name: string;
  readonly number: number;
}

/** Pairs of tracks: how many of those put together are one person's, and how many of one person's are together. */
function pairwise(tracks: readonly Found[]): { precision: number; recall: number } {
  let [together, same, both] = [0, 0, 0];
  for (const [index, one] of tracks.entries()) {
    for (const other of tracks.slice(index + 1)) {
      if (one.number === other.number) together++;
      if (one.name === other.name) same++;
      if (one.number === other.number && one.name === other.name) both++;
    }
  }
  return { precision: both / together, recall: both / same };
}

async function embedAll(photos: readonly string[]): Promise<ReadonlyMap<string, Float32Array>> {
  const [detector, embedder] = await Promise.all([startDetector(), startEmbedder()]);
  try {
    return (await embedPhotos(photos, detector, embedder)).vectors;
  } finally {
    await Promise.all([detector.close(), embedder.close()]);
  }
}

/** Everybody comes by once for each of their photos, and nobody twice in a row. */
async function identifyAll(people: UnknownPeople): Promise<Found[]> {
  const chosen = choosePhotos();
  const vectors = await embedAll([...chosen.values()].flat());
  const found: Found[] = [];
  for (let from = 0; from < Math.max(...[...chosen.values()].map(({ length }) => length)); from++) {
    for (const [name, photos] of chosen) {
      const vector = vectors.get(photos[from] ?? '');
      if (!vector) continue;
      const faces = [{ quality: 0.5, vector, crop: noiseCrop(1) }];
      const key = `lfw/${name}/${from}`;
      const { number } = await people.identify({ key, cameraId: 'lfw', seenAt: from, faces });
      found.push({ name, number });
    }
  }
  return found;
}

describe('unknown people of LFW, whose photos differ by years', { tags: ['lfw'] }, () => {
  it('are told apart, and mostly known again, by one photo a track', { timeout: 900_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sightline-lfw-'));
    const store = await openStorage({ data: folder });
    const gallery = await Gallery.open({ store, spec, onError: () => {} });
    const people = new UnknownPeople({ store, gallery, spec, mostPeople: 2000 });
    const found = await identifyAll(people);
    const { precision, recall } = pairwise(found);
    const figures = {
      tracks: found.length,
      people: new Set(found.map(({ name }) => name)).size,
      numbers: new Set(found.map(({ number }) => number)).size,
      precision,
      recall,
    };
    if (calibrate) console.log(JSON.stringify(figures));
    expect(figures.precision).toBeGreaterThan(0.97);
    expect(figures.recall).toBeGreaterThan(0.8);
    await Promise.resolve(gallery.close());
    await store.close();
    rmSync(folder, { recursive: true });
  });
});
