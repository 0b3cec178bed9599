import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { euclideanDistance } from '../../../../src/core/distance.js';
import type { Detection, Track } from '../../../../src/core/face.js';
import type { Frame, RgbImage } from '../../../../src/core/image.js';
import { rulesFor } from '../../../../src/recognition/decision/decision.js';
import type { FaceEmbedder } from '../../../../src/core/face-embedder.js';
import { Enroller } from '../../../../src/recognition/enrolment/enrolment.js';
import { Gallery } from '../../../../src/recognition/gallery/gallery.js';
import { Recognizer, type RecognitionModel } from '../../../../src/recognition/track/recognizer.js';
import type { Transition } from '../../../../src/recognition/track/recognizer.js';
import { readAsset, spec, startDetector, startEmbedder, stills } from '../faces.js';
import type { Storage } from '../../../../src/core/storage.js';
import { openStorage } from '../../../../src/storage/open-storage.js';

const naming = { threshold: null, falseNameRate: 1e-3 };
/** As far as the gallery can tell, made by another network. */
const otherSpec = { ...spec, model: { id: 'mobilefacenet', version: 'another' } };

function fail(error: unknown): never {
  throw error;
}

interface Shot {
  readonly image: RgbImage;
  readonly detection: Detection;
}

let embedder: FaceEmbedder;
/** Another picture of the same man each. */
let man: Shot[];
let woman: Shot;

beforeAll(async () => {
  const detector = await startDetector();
  const shoot = async (asset: string): Promise<Shot> => {
    const image = await readAsset(asset);
    return { image, detection: (await detector.detect(image))[0]! };
  };
  man = [];
  for (const still of stills) man.push(await shoot(`demo-franck-${still}`));
  woman = await shoot('sample-2');
  await detector.close();
  embedder = await startEmbedder();
});
afterAll(() => embedder.close());

let folder: string;
let store: Storage;
let gallery: Gallery;
let told: { track: Track; transition: Transition }[];
let recognizer: Recognizer;
let sequence: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sightline-recognizer-'));
  store = await openStorage({ data: folder });
  gallery = await Gallery.open({ store, spec, onError: () => {} });
  told = [];
  sequence = 0;
  const onTransition = (track: Track, transition: Transition): void => void told.push({ track, transition });
  recognizer = new Recognizer({ ...model(gallery), onTransition, onError: fail });
});
afterEach(async () => {
  await gallery.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function enrol(name: string, { image, detection }: Shot): Promise<string> {
  const enroller = new Enroller({
    detect: () => Promise.resolve([detection]),
    embedder,
    store: store.people,
    gallery,
  });
  return (await enroller.enrollPhoto(name, image, `${name}.jpg`)).person.id;
}

function model(of: Gallery, by = spec): RecognitionModel {
  return { embedder, gallery: of, spec: by, naming, classifier: null };
}

function trackOf(id: number, { detection }: Shot, change: Partial<Track> = {}): Track {
  const still = { velocity: { x: 0, y: 0 }, firstSeenAt: 0, lastSeenAt: 0, hits: 5 };
  return { id, state: 'confirmed', box: detection.box, detection, ...still, ...change };
}

/** Shows a shot as the next frame, 200 ms after the last. */
function show(shot: Shot, tracks: readonly Track[]): void {
  sequence++;
  const capturedMonotonic = sequence * 200;
  const times = { capturedAt: 1_700_000_000_000 + capturedMonotonic, capturedMonotonic };
  const frame: Frame = {
    ...shot.image,
    cameraId: 'door',
    sequence,
    ...times,
    retain: () => {},
    release: () => {},
  };
  recognizer.observe(frame, tracks);
}

/** Waits until every result is in. */
async function settle(): Promise<void> {
  while (embedder.stats().running + embedder.stats().waiting > 0) await nextTurn();
  await nextTurn();
}

/** Shows a frame without faces, and waits for what follows from it. */
async function look(): Promise<void> {
  show(man[1]!, []);
  await settle();
}

async function watch(id: number, shots: readonly Shot[]): Promise<void> {
  for (const shot of shots) {
    show(shot, [trackOf(id, shot)]);
    await settle();
  }
}

describe('Recognizer', () => {
  it('names an enrolled man from other pictures of him, once, with its reasons', async () => {
    const id = await enrol('Franck', man[0]!);
    await enrol('Woman', woman);
    await watch(7, man.slice(1));
    expect(told.map(({ transition }) => transition.kind)).toEqual(['recognized']);
    const [{ track, transition }] = told as [(typeof told)[0]];
    expect(track.id).toBe(7);
    expect(transition.frame).toEqual({ sequence: 3, width: 720, height: 576, capturedAt: 1_700_000_000_600 });
    expect(transition.detection).toBe(man[3]!.detection);
    expect(transition.identity).toMatchObject({ state: 'known', person: { id, name: 'Franck' } });
    expect(transition.previous).toEqual({ state: 'undecided' });
    const identity = recognizer.identity(7);
    if (identity.state !== 'known') throw new Error('expected a name');
    expect(identity.evidence.distance).toBeLessThan(spec.threshold);
    expect(identity.evidence.falseNameRate).toBe(naming.falseNameRate);
    expect(identity.evidence.threshold).toBeCloseTo(rulesFor(spec, naming, 2).threshold);
    expect(identity.evidence.crops).toHaveLength(3);
    const { queueMs, alignMs, embedMs, matchMs } = identity.evidence.times;
    for (const ms of [queueMs, alignMs, embedMs, matchMs]) expect(ms).toBeGreaterThan(0);
    expect(identity.evidence.nearest.map(({ person }) => person.name)).toEqual(['Franck', 'Woman']);
    expect(identity.evidence.confidence).toBeGreaterThan(0.9);
  });

  it('calls somebody unknown who is not enrolled', async () => {
    await enrol('Woman', woman);
    await watch(1, man.slice(1));
    expect(told.map(({ transition }) => transition.kind)).toEqual(['unknown']);
    expect(recognizer.identity(1).state).toBe('unknown');
  });

  it('names a stranger in view as soon as somebody enrols him, and takes the name back when he is erased', async () => {
    await watch(1, man.slice(1));
    const id = await enrol('Franck', man[0]!);
    await look();
    expect(recognizer.identity(1)).toMatchObject({ state: 'known', person: { name: 'Franck' } });
    await gallery.removePerson(id);
    await look();
    expect(recognizer.identity(1).state).toBe('unknown');
    expect(told.map(({ transition }) => transition.kind)).toEqual(['unknown', 'recognized', 'changed']);
  });

  it('takes a new threshold into account for faces in view', async () => {
    await enrol('Franck', man[0]!);
    await watch(1, man.slice(1));
    recognizer.setNaming({ ...naming, threshold: 0.05 });
    await look();
    expect(recognizer.identity(1).state).toBe('undecided');
    recognizer.setNaming(naming);
    await look();
    expect(recognizer.identity(1).state).toBe('known');
  });

  it('hands out the looks that decided, best first, with crops that give the same embedding again', async () => {
    await watch(1, man.slice(1));
    const { looks } = told[0]!.transition;
    expect(looks).toHaveLength(5);
    looks
      .slice(1)
      .forEach(({ quality }, index) => expect(quality).toBeLessThanOrEqual(looks[index]!.quality));
    for (const { crop, vector } of looks) {
      const [leftEye, rightEye] = crop.landmarks;
      expect(Math.hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y)).toBeLessThanOrEqual(100);
      const again = await embedder.embed({ ...crop, data: crop.data.slice() });
      if (again.status !== 'embedded') throw new Error('expected an embedding');
      expect(euclideanDistance(again.embedding.vector, vector)).toBeLessThan(0.3);
    }
  });

  it('goes on with another model: names stay until its looks decide otherwise', async () => {
    await enrol('Franck', man[0]!);
    await watch(1, man.slice(1, 4));
    const other = await Gallery.open({ store, spec: otherSpec, onError: fail });
    recognizer.use(model(other, otherSpec));
    expect(recognizer.identity(1)).toMatchObject({ person: { name: 'Franck' } });
    for (const shot of [...man, ...man].slice(0, 6)) await watch(1, [shot]);
    expect(recognizer.identity(1)).toMatchObject({ person: { name: 'Franck' } });
    await watch(1, man.slice(0, 1));
    expect(recognizer.identity(1).state).toBe('unknown');
    await other.close();
  });

  it('ignores what the model before had under way', async () => {
    await enrol('Franck', man[0]!);
    await watch(1, man.slice(1, 3));
    show(man[3]!, [trackOf(1, man[3]!)]);
    const other = await Gallery.open({ store, spec, onError: fail });
    recognizer.use(model(other));
    await settle();
    expect(told).toEqual([]);
    await watch(1, man.slice(1, 4));
    expect(told.map(({ transition }) => transition.kind)).toEqual(['recognized']);
    await other.close();
  });

  it('goes on without a classifier at once: who is erased then is named no more', async () => {
    const id = await enrol('Franck', man[0]!);
    await watch(1, man.slice(1, 4));
    recognizer.use({ ...model(gallery), classifier: null });
    await gallery.removePerson(id);
    await look();
    expect(told.map(({ transition }) => transition.kind)).toEqual(['recognized', 'changed']);
    expect(recognizer.identity(1).state).not.toBe('known');
  });

  it('copies what it needs: the frame may be written over at once', async () => {
    await enrol('Franck', man[0]!);
    for (const { image, detection } of man.slice(1, 4)) {
      const shot = { image: { ...image, data: image.data.slice() }, detection };
      show(shot, [trackOf(1, shot)]);
      shot.image.data.fill(0);
      await settle();
    }
    expect(recognizer.identity(1)).toMatchObject({ person: { name: 'Franck' } });
  });

  it('has one crop of a track under way at a time, and looks at every track', async () => {
    const before = embedder.stats().embedded;
    for (let frame = 0; frame < 3; frame++) show(man[0]!, [trackOf(1, man[0]!), trackOf(2, man[0]!)]);
    await settle();
    expect(embedder.stats().embedded - before).toBe(2);
  });

  it('looks only at faces that are there to be seen', async () => {
    const before = embedder.stats().embedded;
    const { detection } = man[0]!;
    const point = { x: 300, y: 200 };
    const far = { ...detection, landmarks: [point, { x: 304, y: 200 }, point, point, point] as const };
    show(man[0]!, [
      trackOf(1, man[0]!, { state: 'tentative' }),
      trackOf(2, man[0]!, { state: 'lost', detection: undefined }),
      trackOf(3, man[0]!, { detection: undefined }),
      trackOf(4, man[0]!, { detection: far }),
    ]);
    await settle();
    expect(embedder.stats().embedded - before).toBe(0);
  });

  it('ignores results of tracks that ended', async () => {
    await enrol('Franck', man[0]!);
    await watch(1, man.slice(1, 3));
    show(man[3]!, [trackOf(1, man[3]!)]);
    recognizer.forget(1);
    await settle();
    expect(told).toEqual([]);
    expect(recognizer.identity(1)).toEqual({ state: 'undecided' });
  });
});
