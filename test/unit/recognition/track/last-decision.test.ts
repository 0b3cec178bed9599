import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cosineFromDistance, euclideanDistance } from '../../../../src/core/distance.js';
import type { Neighbour, Person, Track } from '../../../../src/core/face.js';
import type {
  EmbedOptions,
  EmbedResult,
  FaceCrop,
  FaceEmbedder,
} from '../../../../src/core/face-embedder.js';
import type { Frame } from '../../../../src/core/image.js';
import type { TrackState } from '../../../../src/core/track-state.js';
import { findEmbedder } from '../../../../src/recognition/embedding/embedder-specs.js';
import type { Gallery } from '../../../../src/recognition/gallery/gallery.js';
import { DecisionRecorder } from '../../../../src/recognition/track/decision-recorder.js';
import { Recognizer, type RecognitionModel } from '../../../../src/recognition/track/recognizer.js';
import { TrackRegistry } from '../../../../src/recognition/track/track-registry.js';
import { audrey, franck, reportOf, undecided } from '../../events/track-report.js';

const { track: example } = reportOf(undecided);
const spec = findEmbedder('mobilefacenet');
const perfect = {
  ...{ size: 1, pose: 1, sharpness: 1, noise: 1, blocks: 1 },
  ...{ exposure: 1, eyes: 1, mouth: 1, visibility: 1 },
};

/** The first two directions are people's; a third one leads away from both. */
function vectorNear(person: Person, distance: number): Float32Array {
  const cosine = cosineFromDistance(distance);
  const vector = new Float32Array(3);
  vector[person === franck ? 0 : 1] = cosine;
  vector[2] = Math.sqrt(1 - cosine * cosine);
  return vector;
}

/** People with one photo each. */
class SmallGallery {
  revision = 0;
  people: readonly Person[] = [franck, audrey];

  get faces(): number {
    return this.people.length;
  }

  erase(person: Person): void {
    this.people = this.people.filter(({ id }) => id !== person.id);
    this.revision++;
  }

  match(probe: Float32Array, count: number): Neighbour[] {
    const measured = this.people.map((person) => {
      const distance = euclideanDistance(probe, vectorNear(person, 0));
      return { person, distance, centroidDistance: distance, rejected: false };
    });
    return measured.sort((a, b) => a.distance - b.distance).slice(0, count);
  }
}

/** Replies to crops, oldest first, when it is told to. */
class SlowEmbedder implements FaceEmbedder {
  readonly model = spec.model;
  /** How long each crop may wait. */
  readonly deadlines: (number | undefined)[] = [];
  readonly #waiting: ((result: EmbedResult) => void)[] = [];

  get waiting(): number {
    return this.#waiting.length;
  }

  embed(_crop: FaceCrop, { maxWaitMs }: EmbedOptions = {}): Promise<EmbedResult> {
    this.deadlines.push(maxWaitMs);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** @param index which of those that wait */
  reply(result: EmbedResult, index = 0): void {
    this.#waiting.splice(index, 1)[0]!(result);
  }

  stats(): never {
    throw new Error('not asked here');
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function sees(person: Person, { distance = 0.6, quality = 1 } = {}): EmbedResult {
  return {
    status: 'embedded',
    embedding: { model: spec.model, vector: vectorNear(person, distance) },
    quality: { ...perfect, sharpness: quality },
    chip: { width: 112, height: 112, data: new Uint8Array(112 * 112 * 3) },
    times: { queueMs: 1, alignMs: 1, embedMs: 1 },
  };
}

const stranger = sees(franck, { distance: Math.SQRT2 });
const failed: EmbedResult = {
  status: 'failed',
  error: { code: 'EMBEDDER_FAILED', message: 'lost', retryable: true },
};

const dropped: EmbedResult = { status: 'dropped', reason: 'deadline' };

let gallery: SmallGallery;
let embedder: SlowEmbedder;
let told: string[];
let tracks: TrackRegistry;
let recognizer: Recognizer;
let useModel: (model: RecognitionModel) => void;
let time: number;

function modelOf(of: SmallGallery): RecognitionModel {
  const thresholds = { threshold: null, falseNameRate: 1e-3 };
  return { embedder, gallery: of as unknown as Gallery, spec, thresholds, classifier: null };
}

function short({ identity }: TrackState): string {
  if (identity.state === 'known') return identity.person.name;
  return identity.state === 'unknown' ? `unknown ${identity.unknown?.number}` : identity.state;
}

beforeEach(() => {
  [gallery, embedder, told, time] = [new SmallGallery(), new SlowEmbedder(), [], 0];
  const onError = (error: unknown): void => void told.push(String(error));
  tracks = new TrackRegistry({
    cameraId: 'door',
    onChange: (change) => {
      const type = change.type === 'identified' ? change.kind : change.type;
      told.push(`${change.track.id} ${type} ${short('after' in change ? change.after : change.before)}`);
    },
    onError,
  });
  const people = {
    identify: () => Promise.resolve({ id: 'u7', number: 7, seen: 1 } as never),
    recognized: () => Promise.resolve(),
    unclear: () => Promise.resolve(),
  };
  recognizer = new Recognizer({
    models: {
      model: modelOf(gallery),
      onChange: (use) => {
        useModel = use;
        return () => undefined;
      },
    },
    recorder: new DecisionRecorder({ cameraId: 'door', tracks, people, onError }),
    onError,
  });
});
afterEach(() => expect(embedder.waiting).toBe(0));

function frame(): Frame {
  time += 200;
  const [width, height] = [640, 360];
  return {
    ...{ width, height, matrix: 'bt601', data: new Uint8Array((width * height * 3) / 2).fill(128) },
    ...{
      cameraId: 'door',
      sequence: time / 200,
      capturedAt: time,
      capturedMonotonic: time,
      presentedAt: time,
    },
    retain: () => undefined,
    release: () => undefined,
  };
}

function trackOf(id: number): Track {
  return { ...example, id };
}

function start(...ids: number[]): void {
  for (const id of ids) {
    const begun = frame();
    for (const observer of [recognizer, tracks])
      observer.started(trackOf(id), begun, { trust: () => undefined, split: () => undefined });
  }
}

/** A frame is searched that shows these tracks: a crop of each is on its way, if none was. */
function search(...ids: number[]): void {
  recognizer.observe(frame(), ids.map(trackOf));
}

/** The same, with the replies awaited. */
async function observe(id: number, ...results: EmbedResult[]): Promise<void> {
  for (const result of results) {
    search(id);
    embedder.reply(result);
    await quiet();
  }
}

function end(...ids: number[]): void {
  for (const id of ids) {
    for (const observer of [recognizer, tracks]) observer.ended(trackOf(id), frame());
  }
}

/** Waits for everything that needs no reply. */
async function quiet(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('the end of a track', () => {
  it('is told at once when nothing more can be decided', async () => {
    start(1, 2);
    end(1);
    await observe(2, sees(franck), sees(franck), sees(franck));
    end(2);
    await quiet();
    expect(told).toEqual([
      ...['1 started undecided', '2 started undecided', '1 ended undecided'],
      ...['2 recognized Franck', '2 ended Franck'],
    ]);
  });

  it('waits for a crop on its way, which counts, and what follows waits for it', async () => {
    start(1);
    await observe(1, sees(franck), sees(franck));
    search(1);
    end(1);
    tracks.afterChanges(() => told.push('offline'));
    start(2);
    await quiet();
    expect(told).toEqual(['1 started undecided']);
    embedder.reply(sees(franck));
    await quiet();
    expect(told.slice(1)).toEqual([
      '1 recognized Franck',
      '1 ended Franck',
      'offline',
      '2 started undecided',
    ]);
    expect(tracks.state(1)).toBeUndefined();
  });

  it('comes in the order of the ends, in whatever order the crops come back', async () => {
    start(1, 2);
    search(1, 2);
    end(1, 2);
    embedder.reply(sees(audrey), 1);
    await quiet();
    expect(told).toHaveLength(2);
    embedder.reply(sees(franck));
    await quiet();
    expect(told.slice(2)).toEqual([
      ...['1 recognized Franck', '1 ended Franck', '2 recognized Audrey', '2 ended Audrey'],
    ]);
  });

  it.each([
    ['fails', [failed]],
    ['is dropped, and again at the second try', [dropped, dropped]],
  ])('is told when the crop %s, after a decision from those before', async (_, results) => {
    start(1, 2);
    await observe(2, sees(franck, { quality: 0.6 }), sees(franck, { quality: 0.6 }));
    search(1, 2);
    end(1, 2);
    for (const result of results) {
      embedder.reply(result);
      embedder.reply(result);
      await quiet();
    }
    expect(told.slice(2)).toEqual(['1 ended undecided', '2 recognized Franck', '2 ended Franck']);
  });

  it.each([
    ['before', true],
    ['after', false],
  ])('has a crop that was dropped %s it embedded like one of a request', async (_, isBefore) => {
    start(1);
    search(1);
    expect(embedder.deadlines).toEqual([1000]);
    if (isBefore) embedder.reply(dropped);
    await quiet();
    end(1);
    if (!isBefore) embedder.reply(dropped);
    await quiet();
    expect(embedder.deadlines).toEqual([1000, undefined]);
    embedder.reply(sees(franck));
    await quiet();
    expect(told.slice(1)).toEqual(['1 recognized Franck', '1 ended Franck']);
  });

  it('lets dropped crops go when a crowd has left', async () => {
    const crowd = Array.from({ length: 9 }, (_, index) => index + 1);
    start(...crowd);
    search(...crowd);
    end(...crowd);
    embedder.reply(dropped);
    await quiet();
    expect(told.slice(9)).toEqual(['1 ended undecided']);
    // Eight are few enough.
    embedder.reply(dropped);
    await quiet();
    expect(embedder.waiting).toBe(8);
    while (embedder.waiting > 0) embedder.reply(failed);
    await quiet();
    expect(told.slice(10)).toEqual(crowd.slice(1).map((id) => `${id} ended undecided`));
  });

  it('tells of a stranger who left after three crops, with the number', async () => {
    start(1, 2);
    await observe(1, stranger, stranger);
    await observe(2, stranger, stranger);
    search(1);
    end(1, 2);
    embedder.reply(stranger);
    await quiet();
    expect(told.slice(2)).toEqual(['1 unknown unknown 7', '1 ended unknown 7', '2 ended undecided']);
  });

  it('is told before the observers are closed', async () => {
    start(1);
    search(1);
    end(1);
    const closing = recognizer.close().then(() => tracks.close());
    void closing.then(() => told.push('closed'));
    await quiet();
    expect(told).toEqual(['1 started undecided']);
    embedder.reply(sees(franck));
    await closing;
    expect(told.slice(1)).toEqual(['1 recognized Franck', '1 ended Franck', 'closed']);
  });

  it('names nobody who was erased meanwhile', async () => {
    start(1, 2);
    await observe(1, sees(franck), sees(franck), sees(franck));
    // Whoever has a name is looked at again after three seconds.
    for (let waited = 0; waited < 3000; waited += 200) search();
    search(1, 2);
    end(1, 2);
    gallery.erase(franck);
    embedder.reply(sees(franck));
    embedder.reply(sees(franck));
    await quiet();
    expect(told.slice(2)).toEqual([
      ...['1 recognized Franck', '1 changed undecided', '1 ended undecided', '2 ended undecided'],
    ]);
  });

  it('takes the name back of somebody who was erased since the last frame', async () => {
    start(1);
    await observe(1, sees(franck), sees(franck), sees(franck));
    gallery.erase(franck);
    end(1);
    await quiet();
    expect(told.slice(1)).toEqual(['1 recognized Franck', '1 changed undecided', '1 ended undecided']);
  });

  it('decides nothing from a crop of a model that was replaced', async () => {
    start(1);
    search(1);
    end(1);
    useModel(modelOf(new SmallGallery()));
    embedder.reply(sees(franck));
    await quiet();
    expect(told).toEqual(['1 started undecided', '1 ended undecided']);
  });
});
