import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toYuv } from '../../../helpers/yuv.js';
import { euclideanDistance } from '../../../../src/core/distance.js';
import type { Detection, Identity, Track } from '../../../../src/core/face.js';
import type { Frame, RgbImage, YuvImage } from '../../../../src/core/image.js';
import {
  thresholdsFor,
  rulesFor,
  type ThresholdSettings,
} from '../../../../src/recognition/decision/decision.js';
import type { FaceEmbedder } from '../../../../src/core/face-embedder.js';
import { Enroller } from '../../../../src/recognition/enrolment/enrolment.js';
import { Gallery } from '../../../../src/recognition/gallery/gallery.js';
import {
  Recognizer,
  type ModelSource,
  type RecognitionModel,
} from '../../../../src/recognition/track/recognizer.js';
import { readAsset, spec, startDetector, startEmbedder, stills } from '../faces.js';
import type { Storage } from '../../../../src/core/storage.js';
import { openStorage } from '../../../../src/storage/open-storage.js';
import {
  DecisionRecorder,
  type DecisionRecorderOptions,
  type RecognizedTrack,
} from '../../../../src/recognition/track/decision-recorder.js';
import type { DoubtSettler } from '../../../../src/core/track-state.js';
import { TrackRegistry } from '../../../../src/recognition/track/track-registry.js';

const thresholds = { threshold: null, falseNameRate: 1e-3 };
/** As far as the gallery can tell, made by another network. */
const otherSpec = { ...spec, model: { id: 'mobilefacenet', version: 'another' } };

/** Nobody needs to tell unknown people apart here. */
const people: DecisionRecorderOptions['people'] = {
  identify: () => Promise.reject(new Error('not asked here')),
  recognized: () => Promise.resolve(),
  unclear: () => Promise.resolve(),
};

/** No track comes in doubt here. */
const settler: DoubtSettler = { trust: () => undefined, split: () => undefined };

function fail(error: unknown): never {
  throw error;
}

interface Picture {
  readonly image: RgbImage;
  /** The same as cameras give it. */
  readonly yuv: YuvImage;
  readonly detection: Detection;
}

let embedder: FaceEmbedder;
/** Another picture of the same man each. */
let man: Picture[];
let woman: Picture;

beforeAll(async () => {
  const detector = await startDetector();
  const shoot = async (asset: string): Promise<Picture> => {
    const image = await readAsset(asset);
    return { image, yuv: await toYuv(image), detection: (await detector.detect(image))[0]! };
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
let watched: Watched;
let sequence: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sightline-recognizer-'));
  store = await openStorage({ data: folder });
  gallery = await Gallery.open({ store, spec, onError: () => {} });
  sequence = 0;
  watched = new Watched(model(gallery));
});
afterEach(async () => {
  await watched.recognizer.close();
  await gallery.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A recognizer with what it writes to, and what it decided. */
class Watched implements ModelSource {
  readonly tracks = new TrackRegistry({ cameraId: 'door', onChange: () => undefined, onError: fail });
  readonly decisions: RecognizedTrack[] = [];
  readonly recognizer: Recognizer;
  model: RecognitionModel;
  #use: (model: RecognitionModel) => void = () => undefined;

  constructor(first: RecognitionModel) {
    this.model = first;
    const recorder = new DecisionRecorder({
      cameraId: 'door',
      tracks: this.tracks,
      people,
      onError: () => undefined,
    });
    const decided = (decision: RecognizedTrack): void => {
      this.decisions.push(decision);
      recorder.decided(decision);
    };
    this.recognizer = new Recognizer({
      models: this,
      recorder: {
        decided,
        confirmed: (id, identity) => recorder.confirmed(id, identity),
        holdEnd: (id, concluded) => recorder.holdEnd(id, concluded),
        close: () => recorder.close(),
      },
      onError: fail,
    });
  }

  onChange(use: (model: RecognitionModel) => void): () => void {
    this.#use = use;
    return () => (this.#use = () => undefined);
  }

  /** Goes on with another model. */
  use(next: RecognitionModel): void {
    this.model = next;
    this.#use(next);
  }

  setThresholds(choice: ThresholdSettings): void {
    this.use({ ...this.model, thresholds: choice });
  }

  get kinds(): string[] {
    return this.decisions.map(({ kind }) => kind);
  }

  /** Who a track is by its state; undecided when there is none. */
  identity(trackId: number): Identity {
    return this.tracks.state(trackId)?.identity ?? { state: 'undecided' };
  }

  observe(frame: Frame, tracks: readonly Track[]): void {
    const starting = tracks.filter(({ id, state }) => state !== 'tentative' && !this.tracks.state(id));
    for (const observer of [this.tracks, this.recognizer]) {
      for (const track of starting) observer.started(track, frame, settler);
      observer.observe(frame, tracks);
    }
  }

  end(track: Track): void {
    this.recognizer.ended(track);
    this.tracks.ended(track, { sequence, width: 1, height: 1, capturedAt: 0 });
  }
}

async function enrol(name: string, { image, detection }: Picture): Promise<string> {
  const enroller = new Enroller({
    detect: () => Promise.resolve([detection]),
    embedder,
    store: store.people,
    gallery,
    spec,
  });
  return (await enroller.enrollPhoto(name, image, `${name}.jpg`)).person.id;
}

function model(of: Gallery, by = spec): RecognitionModel {
  return { embedder, gallery: of, spec: by, thresholds, classifier: null };
}

function trackOf(id: number, { detection }: Picture, change: Partial<Track> = {}): Track {
  const still = { velocity: { x: 0, y: 0 }, firstSeenAt: 0, lastSeenAt: 0, hits: 5 };
  return { id, state: 'confirmed', box: detection.box, detection, ...still, ...change };
}

/** Shows a picture as the next frame, 200 ms after the last, to one camera or more. */
function show(picture: Picture, tracks: readonly Track[], to: readonly Watched[] = [watched]): void {
  sequence++;
  const capturedMonotonic = sequence * 200;
  const times = {
    capturedAt: 1_700_000_000_000 + capturedMonotonic,
    ...{ capturedMonotonic, presentedAt: capturedMonotonic },
  };
  const frame: Frame = {
    ...picture.yuv,
    cameraId: 'door',
    sequence,
    ...times,
    retain: () => {},
    release: () => {},
  };
  for (const each of to) each.observe(frame, tracks);
}

/** Waits until every result is in. */
async function settle(): Promise<void> {
  // A result goes through a few promises until the next crop may be cut.
  for (let quietTurns = 0; quietTurns < 5; quietTurns++) {
    await nextTurn();
    const { running, waiting } = embedder.stats();
    if (running + waiting > 0) quietTurns = 0;
  }
}

/** Shows a frame without faces, and waits for what follows from it. */
async function look(): Promise<void> {
  show(man[1]!, []);
  await settle();
}

async function watch(
  id: number,
  pictures: readonly Picture[],
  by: readonly Watched[] = [watched],
): Promise<void> {
  for (const picture of pictures) {
    show(picture, [trackOf(id, picture)], by);
    await settle();
  }
}

describe('Recognizer', () => {
  it('names an enrolled man from other pictures of him, once, with its reasons', async () => {
    const id = await enrol('Franck', man[0]!);
    await enrol('Woman', woman);
    await watch(7, man.slice(1));
    expect(watched.kinds).toEqual(['recognized']);
    const [decision] = watched.decisions as [RecognizedTrack];
    expect(decision.track.id).toBe(7);
    expect(decision.frame).toEqual({ sequence: 3, width: 720, height: 576, capturedAt: 1_700_000_000_600 });
    expect(decision.track.detection).toBe(man[3]!.detection);
    expect(decision.identity).toMatchObject({ state: 'known', person: { id, name: 'Franck' } });
    const identity = watched.identity(7);
    if (identity.state !== 'known') throw new Error('expected a name');
    expect(identity.evidence.distance).toBeLessThan(spec.threshold);
    expect(identity.evidence.falseNameRate).toBe(thresholds.falseNameRate);
    expect(identity.evidence.threshold).toBeCloseTo(rulesFor(spec, thresholds, 2).threshold);
    expect(identity.evidence.crops).toHaveLength(3);
    const { queueMs, alignMs, embedMs, matchMs } = identity.evidence.times;
    for (const ms of [queueMs, alignMs, embedMs, matchMs]) expect(ms).toBeGreaterThan(0);
    expect(identity.evidence.nearest.map(({ person }) => person.name)).toEqual(['Franck', 'Woman']);
    expect(identity.evidence.confidence).toBeGreaterThan(0.9);
  });

  it('calls somebody unknown who is not enrolled', async () => {
    await enrol('Woman', woman);
    await watch(1, man.slice(1));
    expect(watched.kinds).toEqual(['unknown']);
    expect(watched.identity(1).state).toBe('unknown');
  });

  it('names a stranger in view as soon as somebody enrols him, and takes the name back when he is erased', async () => {
    await watch(1, man.slice(1));
    const id = await enrol('Franck', man[0]!);
    await look();
    expect(watched.identity(1)).toMatchObject({ state: 'known', person: { name: 'Franck' } });
    await gallery.removePerson(id);
    await look();
    expect(watched.identity(1).state).toBe('unknown');
    expect(watched.kinds).toEqual(['unknown', 'recognized', 'changed']);
  });

  it('takes a new threshold into account for faces in view', async () => {
    await enrol('Franck', man[0]!);
    await watch(1, man.slice(1));
    watched.setThresholds({ ...thresholds, threshold: 0.05 });
    await look();
    expect(watched.identity(1).state).toBe('undecided');
    watched.setThresholds(thresholds);
    await look();
    expect(watched.identity(1).state).toBe('known');
  });

  it('hands out the observations that decided, best first, with crops that give the same embedding again', async () => {
    await watch(1, man.slice(1));
    const { observations } = watched.decisions[0]!;
    expect(observations).toHaveLength(5);
    observations
      .slice(1)
      .forEach(({ quality }, index) => expect(quality).toBeLessThanOrEqual(observations[index]!.quality));
    for (const { crop, vector } of observations) {
      const [leftEye, rightEye] = crop.landmarks;
      expect(Math.hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y)).toBeLessThanOrEqual(100);
      const again = await embedder.embed({ ...crop, data: crop.data.slice() });
      if (again.status !== 'embedded') throw new Error('expected an embedding');
      expect(euclideanDistance(again.embedding.vector, vector)).toBeLessThan(0.3);
    }
  });

  it('goes on with another model: names stay until its observations decide otherwise', async () => {
    await enrol('Franck', man[0]!);
    await watch(1, man.slice(1, 4));
    const other = await Gallery.open({ store, spec: otherSpec, onError: fail });
    watched.use(model(other, otherSpec));
    expect(watched.identity(1)).toMatchObject({ person: { name: 'Franck' } });
    for (const picture of [...man, ...man].slice(0, 6)) await watch(1, [picture]);
    expect(watched.identity(1)).toMatchObject({ person: { name: 'Franck' } });
    await watch(1, man.slice(0, 1));
    expect(watched.identity(1).state).toBe('unknown');
    await other.close();
  });

  it('ignores what the model before had under way', async () => {
    await enrol('Franck', man[0]!);
    await watch(1, man.slice(1, 3));
    show(man[3]!, [trackOf(1, man[3]!)]);
    const other = await Gallery.open({ store, spec, onError: fail });
    watched.use(model(other));
    await settle();
    expect(watched.decisions).toEqual([]);
    await watch(1, man.slice(1, 4));
    expect(watched.kinds).toEqual(['recognized']);
    await other.close();
  });

  it('goes on without a classifier at once: who is erased then is named no more', async () => {
    const id = await enrol('Franck', man[0]!);
    await watch(1, man.slice(1, 4));
    watched.use({ ...model(gallery), classifier: null });
    await gallery.removePerson(id);
    await look();
    expect(watched.kinds).toEqual(['recognized', 'changed']);
    expect(watched.identity(1).state).not.toBe('known');
  });

  it('copies what it needs: the frame may be written over at once', async () => {
    await enrol('Franck', man[0]!);
    for (const { yuv, ...rest } of man.slice(1, 4)) {
      const picture = { ...rest, yuv: { ...yuv, data: Uint8Array.from(yuv.data) } };
      show(picture, [trackOf(1, picture)]);
      picture.yuv.data.fill(0);
      await settle();
    }
    expect(watched.identity(1)).toMatchObject({ person: { name: 'Franck' } });
  });

  it('has one crop of a track under way at a time, and observes every track', async () => {
    const before = embedder.stats().embedded;
    for (let frame = 0; frame < 3; frame++) show(man[0]!, [trackOf(1, man[0]!), trackOf(2, man[0]!)]);
    await settle();
    expect(embedder.stats().embedded - before).toBe(2);
  });

  it('observes only faces that are there to be seen', async () => {
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

  it('names a man at one camera and not at a stricter one that sees the same', async () => {
    await enrol('Franck', man[0]!);
    const own = { threshold: 0.3, falseNameRate: null };
    const door = new Watched({ ...model(gallery), thresholds: thresholdsFor(own, thresholds) });
    await watch(1, man.slice(1), [watched, door]);
    expect(watched.identity(1)).toMatchObject({ state: 'known', person: { name: 'Franck' } });
    expect(door.identity(1)).toMatchObject({
      state: 'unknown',
      evidence: { threshold: 0.3, falseNameRate: null, nearest: [{ person: { name: 'Franck' } }] },
    });
    expect([watched.kinds, door.kinds]).toEqual([['recognized'], ['unknown']]);
    await door.recognizer.close();
  });

  it('tells who a track is by its newest evidence, also when that changes nothing', async () => {
    await enrol('Franck', man[0]!);
    await watch(1, man.slice(1, 4));
    await enrol('Woman', woman);
    await look();
    const identity = watched.identity(1);
    if (identity.state !== 'known') throw new Error('expected a name');
    expect(watched.kinds).toEqual(['recognized']);
    expect(identity.evidence.nearest.map(({ person }) => person.name)).toEqual(['Franck', 'Woman']);
  });

  it('names somebody whose last crop comes back after the track has ended', async () => {
    await enrol('Franck', man[0]!);
    await watch(1, man.slice(1, 3));
    show(man[3]!, [trackOf(1, man[3]!)]);
    watched.end(trackOf(1, man[3]!));
    await watched.recognizer.close();
    await watched.tracks.close();
    expect(watched.decisions).toMatchObject([
      { kind: 'recognized', identity: { person: { name: 'Franck' } } },
    ]);
    expect(watched.tracks.state(1)).toBeUndefined();
  });
});
