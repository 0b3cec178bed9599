import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cosineFromDistance, euclideanDistance, l2Normalise } from '../../../../src/core/distance.js';
import type { Identity, Neighbour, Person } from '../../../../src/core/face.js';
import type { ClassifierHead } from '../../../../src/core/heads.js';
import { explain } from '../../../../src/events/build-event.js';
import { rulesFor, type DecisionRules } from '../../../../src/recognition/decision/decision.js';
import { findEmbedder } from '../../../../src/recognition/embedding/embedder-specs.js';
import type { IdentityDecision } from '../../../../src/recognition/track/track-identity.js';
import type { Observation } from '../../../../src/recognition/track/observations.js';
import { TrackRecognition, type Matcher } from '../../../../src/recognition/track/track-recognition.js';

/** Directions 0 and 1 are two people's, the others differ from observation to observation. */
const dimension = 24;
const ana: Person = { id: 'a', name: 'Ana' };
const ben: Person = { id: 'b', name: 'Ben' };
const rules = rulesFor(findEmbedder('mobilefacenet'), { threshold: 1, falseNameRate: 1e-3 }, 2);
const faraway = 1.3;

function axis(index: number): Float32Array {
  return new Float32Array(dimension).fill(0).fill(1, index, index + 1);
}

/** People with one photo each, and faces that were said not to be theirs. */
class SmallGallery implements Matcher {
  revision = 0;
  photos: { person: Person; vector: Float32Array; not?: Float32Array }[] = [
    { person: ana, vector: axis(0) },
    { person: ben, vector: axis(1) },
  ];

  change(photos: SmallGallery['photos']): void {
    this.photos = photos;
    this.revision++;
  }

  match(probe: Float32Array, count: number): Neighbour[] {
    const measured = this.photos.map(({ person, vector, not }) => {
      const distance = euclideanDistance(probe, vector);
      const rejected = not !== undefined && euclideanDistance(probe, not) < distance;
      return { person, distance, centroidDistance: distance, rejected };
    });
    return measured.sort((a, b) => a.distance - b.distance).slice(0, count);
  }
}

/** An observation at this distance from a person's photo, off in a direction of its own. */
function near(person: Person, distance = 0.6, quality = 0.8, direction = 2): Observation {
  const cosine = cosineFromDistance(distance);
  const vector = new Float32Array(dimension);
  vector[person === ana ? 0 : 1] = cosine;
  vector[direction] = Math.sqrt(1 - cosine * cosine);
  return observationOf(vector, quality);
}

const point = { x: 0, y: 0 };
const landmarks = [point, point, point, point, point] as const;
const detection = { box: { x: 0, y: 0, width: 1, height: 1 }, score: 1, landmarks };

function observationOf(vector: Float32Array, quality = 0.8): Observation {
  const times = { queueMs: 1, alignMs: 2, embedMs: 3 };
  const crop = { width: 1, height: 1, data: new Uint8Array(3), landmarks };
  const seen = { box: detection.box, velocity: point, firstSeenAt: 0, lastSeenAt: 0, hits: 5 };
  const track = { id: 1, state: 'confirmed', detection, ...seen } as const;
  const frame = { sequence: 1, width: 1, height: 1, capturedAt: 0 };
  return { vector, quality, weakest: 'sharpness', times, crop, track, detection, frame };
}

const stranger = near(ana, faraway);
const times = (count: number, observation: Observation): Observation[] =>
  new Array<Observation>(count).fill(observation);
const nameOf = (identity: Identity): string =>
  identity.state === 'known' ? identity.person.name : identity.state;

/** What a step from one name to another is called. */
function kindOf(before: string, after: string): string {
  if (before !== 'undecided' && before !== 'unknown') return 'changed';
  return after === 'unknown' ? 'unknown' : 'recognized';
}

class Watched {
  readonly gallery = new SmallGallery();
  readonly track = new TrackRecognition();

  async see(...observations: Observation[]): Promise<(IdentityDecision | undefined)[]> {
    const told = [];
    for (const observation of observations) told.push(await this.track.add(observation, this.gallery, rules));
    return told;
  }

  /** The kinds of what is told. */
  async kinds(...observations: Observation[]): Promise<string[]> {
    return (await this.see(...observations)).flatMap((told) => told?.kind ?? []);
  }

  rematch(changed: DecisionRules = rules): Promise<IdentityDecision | undefined> {
    return this.track.rematch(this.gallery, changed);
  }

  get name(): string {
    return nameOf(this.track.identity);
  }
}

describe('a track', () => {
  it('begins undecided', () => {
    const { track } = new Watched();
    expect(track.identity).toEqual({ state: 'undecided' });
    expect(track.settled).toBe(false);
    expect(track.newest).toBeUndefined();
  });

  it('is named after three observations that agree, and tells once', async () => {
    const watched = new Watched();
    const told = await watched.see(...times(5, near(ana)));
    expect(told.map((transition) => transition?.kind)).toEqual([
      undefined,
      undefined,
      'recognized',
      undefined,
      undefined,
    ]);
    expect(watched.name).toBe('Ana');
    expect(watched.track.settled).toBe(true);
  });

  it('is a stranger when the classifier knows nobody like it, however near the nearest photo', async () => {
    const classifier: ClassifierHead = {
      ...{ kind: 'classifier', model: findEmbedder('mobilefacenet').model, dimension, trainedAt: 0 },
      people: [ana.name, ben.name],
      rejectBelow: 1,
      rule: { type: 'linear-svm', classes: [0, 1].map(() => ({ weights: [], bias: 0 })) },
    };
    const track = new TrackRecognition();
    const gallery = new SmallGallery();
    for (const observation of times(5, near(ana)))
      await track.add(observation, gallery, { ...rules, classifier });
    expect(nameOf(track.identity)).toBe('unknown');
    expect(explain(track.identity)).toMatch(/near enough, but the trained classifier does not confirm it\./);
  });

  it('explains itself with what was fused', async () => {
    const watched = new Watched();
    await watched.see(near(ana, 0.9, 0.5), stranger, near(ana, 0.8, 0.9), near(ana, 0.8, 0.6));
    const { identity } = watched.track;
    if (identity.state !== 'known') throw new Error('expected a name');
    const { evidence } = identity;
    expect(evidence).toMatchObject({ threshold: 1, falseNameRate: null, quality: 0.6 });
    expect(evidence.votes).toEqual({ total: 4, inFavour: 3 });
    expect(evidence.weight).toBeCloseTo(2);
    expect(evidence.crops.map(({ person }) => person?.name)).toEqual(['Ana', undefined, 'Ana', 'Ana']);
    expect(evidence.crops[0]).toMatchObject({ quality: 0.5, distance: expect.closeTo(0.9, 5) as number });
    expect(evidence.nearest.map(({ person }) => person.name)).toEqual(['Ana', 'Ben']);
    expect(evidence.distance).toBe(evidence.nearest[0]!.distance);
    expect(evidence.margin).toBeCloseTo(evidence.nearest[1]!.distance - evidence.distance!);
    expect(evidence.confidence).toBeCloseTo(rules.samePerson(evidence.distance!));
    const matchMs = expect.any(Number) as number;
    expect(evidence.times).toEqual({ queueMs: 1, alignMs: 2, embedMs: 3, matchMs });
  });

  it('is a stranger after five observations', async () => {
    const watched = new Watched();
    expect(await watched.kinds(...times(4, stranger))).toEqual([]);
    expect(await watched.kinds(stranger)).toEqual(['unknown']);
    expect(watched.track.identity).toMatchObject({
      state: 'unknown',
      evidence: { distance: expect.closeTo(faraway, 5) as number, votes: { total: 5, inFavour: 5 } },
    });
  });

  it('is a stranger when nobody is enrolled', async () => {
    const watched = new Watched();
    watched.gallery.change([]);
    await watched.see(...times(5, stranger));
    expect(watched.track.identity).toMatchObject({
      state: 'unknown',
      evidence: { distance: null, margin: null, confidence: 1, nearest: [] },
    });
  });

  it('is named when its observations are near enough together, though none is alone', async () => {
    const watched = new Watched();
    await watched.see(...[2, 3, 4].map((direction) => near(ana, 1.05, 0.8, direction)));
    expect(watched.name).toBe('Ana');
  });

  it('is named later when its observations are poor', async () => {
    const watched = new Watched();
    const told = await watched.see(...times(7, near(ana, 0.6, 0.21)));
    expect(told.findIndex(Boolean)).toBe(4);
    const hardly = new Watched();
    await hardly.see(...times(30, near(ana, 0.6, 0.12)));
    expect(hardly.name).toBe('undecided');
  });

  it('stays undecided while two people are too close to call, one under two names for instance', async () => {
    const watched = new Watched();
    watched.gallery.change([
      { person: ana, vector: axis(0) },
      { person: ben, vector: axis(0) },
    ]);
    await watched.see(...times(30, near(ana)));
    expect(watched.name).toBe('undecided');
  });

  it('gets a name later when better observations bear it out', async () => {
    const watched = new Watched();
    await watched.see(...times(5, stranger));
    expect(await watched.kinds(...times(7, near(ana)))).toEqual(['recognized']);
  });

  it('goes to another person by a clear majority only, as when two people cross', async () => {
    const watched = new Watched();
    await watched.see(...times(7, near(ana)));
    expect(await watched.kinds(...times(4, near(ben)))).toEqual([]);
    expect(watched.track.settled).toBe(false);
    const told = await watched.see(near(ben));
    expect(told[0]).toMatchObject({
      kind: 'changed',
      identity: { person: ben },
    });
  });

  it('loses its name only when no observation bears it out, as when a stranger comes in its place', async () => {
    const watched = new Watched();
    await watched.see(...times(3, near(ana)));
    expect(await watched.kinds(...times(6, stranger))).toEqual([]);
    expect(await watched.see(stranger)).toMatchObject([{ kind: 'changed', identity: { state: 'unknown' } }]);
  });

  it('shows its observations best first, with the crops', async () => {
    const watched = new Watched();
    await watched.see(near(ana, 0.6, 0.5), near(ana, 0.6, 0.9), near(ana, 0.6, 0.7));
    expect(watched.track.observations.map(({ quality }) => quality)).toEqual([0.9, 0.7, 0.5]);
    expect(watched.track.observations[0]!.crop.width).toBe(1);
  });
});

describe('whatever the observations', () => {
  const quality = fc.double({ min: 0.1, max: 1, noNaN: true });
  const anyObservation = fc
    .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: dimension, maxLength: dimension })
    .filter((values) => Math.hypot(...values) > 0.1)
    .chain((values) => quality.map((score) => observationOf(l2Normalise(Float32Array.from(values)), score)));
  const oneOf = (person: Person) =>
    quality.map((score) => observationOf(axis(person === ana ? 0 : 1), score));
  const observation = fc.oneof(oneOf(ana), oneOf(ben), fc.constant(stranger), anyObservation);

  it('two never decide', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(observation, { maxLength: 2 }), async (observations) => {
        const watched = new Watched();
        await watched.see(...observations);
        expect(watched.name).toBe('undecided');
      }),
    );
  });

  it('nobody is named for whom fewer than three spoke', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(observation, { maxLength: 25 }), async (observations) => {
        const watched = new Watched();
        for (const [index, newest] of observations.entries()) {
          const [told] = await watched.see(newest);
          if (told?.identity.state !== 'known') continue;
          const { person } = told.identity;
          const spoke = observations.slice(0, index + 1).filter(({ vector }) => {
            const [first] = watched.gallery.match(vector, 1);
            return first!.person === person && first!.distance <= rules.leaningDistance;
          });
          expect(spoke.length).toBeGreaterThanOrEqual(3);
        }
      }),
    );
  });

  it('a single one among good ones neither renames nor un-names', async () => {
    const good = fc.integer({ min: 3, max: 12 });
    const distance = fc.double({ min: 0.2, max: 0.95, noNaN: true });
    await fc.assert(
      fc.asyncProperty(good, distance, observation, good, async (before, far, bad, after) => {
        const watched = new Watched();
        const fine = near(ana, far, 0.8);
        expect(await watched.kinds(...times(before, fine), bad, ...times(after, fine))).toEqual([
          'recognized',
        ]);
        expect(watched.name).toBe('Ana');
      }),
    );
  });

  it('nearer ones never lose a name', async () => {
    const distance = fc.double({ min: 0.1, max: 1.4, noNaN: true });
    const count = fc.integer({ min: 3, max: 10 });
    await fc.assert(
      fc.asyncProperty(distance, distance, count, async (a, b, observations) => {
        const [nearer, further] = [new Watched(), new Watched()];
        await nearer.see(...times(observations, near(ana, Math.min(a, b))));
        await further.see(...times(observations, near(ana, Math.max(a, b))));
        if (further.name === 'Ana') expect(nearer.name).toBe('Ana');
      }),
    );
  });

  it('every change is told once, and of its kind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(observation, { maxLength: 40 }), async (observations) => {
        const watched = new Watched();
        for (const newest of observations) {
          const before = watched.name;
          const [told] = await watched.see(newest);
          if (told?.kind === 'unclear') expect(before).toBe('undecided');
          else if (watched.name === 'undecided' || watched.name === before) expect(told).toBeUndefined();
          else expect(told).toMatchObject({ kind: kindOf(before, watched.name) });
          if (told) expect(nameOf(told.identity)).toBe(watched.name);
        }
      }),
    );
  });
});

describe('when the gallery changes', () => {
  it('a stranger who was just enrolled is named', async () => {
    const watched = new Watched();
    await watched.see(...times(5, near(ben)));
    watched.gallery.change([{ person: ana, vector: axis(0) }]);
    expect(await watched.rematch()).toMatchObject({ kind: 'changed', identity: { state: 'unknown' } });
    watched.gallery.change([{ person: ben, vector: axis(1) }]);
    expect(await watched.rematch()).toMatchObject({ kind: 'recognized', identity: { person: ben } });
  });

  it('the name of a person who was erased goes at once, however few the observations', async () => {
    const watched = new Watched();
    await watched.see(...times(3, near(ana)));
    watched.gallery.change([{ person: ben, vector: axis(1) }]);
    expect(await watched.rematch()).toMatchObject({ kind: 'changed', identity: { state: 'undecided' } });
    expect(watched.name).toBe('undecided');
  });

  it('"this is not Ana" takes the name back at once, and leaves the way free for another', async () => {
    const watched = new Watched();
    const observation = near(ana, 0.8);
    await watched.see(...times(5, observation));
    watched.gallery.change([{ person: ana, vector: axis(0), not: observation.vector }]);
    expect(await watched.rematch()).toMatchObject({ kind: 'changed', identity: { state: 'unknown' } });
    watched.gallery.change([
      { person: ana, vector: axis(0), not: observation.vector },
      { person: ben, vector: observation.vector },
    ]);
    expect(await watched.rematch()).toMatchObject({ kind: 'recognized', identity: { person: ben } });
  });

  it('a name stands while any observation bears it out', async () => {
    const watched = new Watched();
    await watched.see(...times(3, near(ana)), ...times(5, stranger));
    expect(watched.name).toBe('Ana');
    expect(await watched.rematch()).toBeUndefined();
    expect(watched.name).toBe('Ana');
  });

  it('a new threshold counts for the observations there are', async () => {
    const watched = new Watched();
    await watched.see(...times(5, near(ana, 0.9)));
    const stricter = { ...rules, threshold: 0.8, leaningDistance: 0.85 };
    expect((await watched.rematch(stricter))?.identity.state).toBe('unknown');
  });

  it('while an observation is matched, what it said is not believed until it is matched again', async () => {
    const watched = new Watched();
    await watched.see(...times(2, near(ana)));
    const { gallery } = watched;
    const slow: Matcher = {
      get revision() {
        return gallery.revision;
      },
      match: async (probe, count) => {
        const old = gallery.match(probe, count);
        await Promise.resolve();
        return old;
      },
    };
    const pending = watched.track.add(near(ana), slow, rules);
    await Promise.resolve();
    gallery.change([]);
    expect(await pending).toBeUndefined();
    expect(watched.name).toBe('undecided');
    expect(await watched.rematch()).toBeUndefined();
    expect(watched.name).toBe('undecided');
  });

  it('observations and changes take effect one after another, and a failure costs only itself', async () => {
    const watched = new Watched();
    const answers: string[] = [];
    const failing: Matcher = { revision: 0, match: () => Promise.reject(new Error('lost')) };
    const all = [
      watched.track.add(near(ana), watched.gallery, rules).then(() => answers.push('first')),
      watched.track.add(near(ana), failing, rules).catch(() => answers.push('failed')),
      watched.rematch().then(() => answers.push('rematched')),
      watched.track.add(near(ana), watched.gallery, rules).then(() => answers.push('second')),
      watched.track.add(near(ana), watched.gallery, rules).then(() => answers.push('third')),
    ];
    await Promise.all(all);
    expect(answers).toEqual(['first', 'failed', 'rematched', 'second', 'third']);
    expect(watched.name).toBe('Ana');
  });
});

describe('with another embedder', () => {
  it('a name stands until enough new observations say otherwise', async () => {
    const watched = new Watched();
    await watched.see(...times(3, near(ana)));
    const track = new TrackRecognition(watched.track.identity);
    for (let count = 0; count < 6; count++) await track.add(stranger, watched.gallery, rules);
    expect(nameOf(track.identity)).toBe('Ana');
    expect(await track.add(stranger, watched.gallery, rules)).toMatchObject({ kind: 'changed' });
  });
});

describe('a track in doubt', () => {
  const hidden = { ordinal: 1, reason: 'hidden' } as const;
  /** An observation made since the doubt of this ordinal. */
  const since = (ordinal: number, observation: Observation): Observation => ({
    ...observation,
    track: { ...observation.track, doubt: { ordinal, reason: 'hidden' } },
  });

  async function namedAna(): Promise<Watched> {
    const watched = new Watched();
    await watched.see(...times(3, near(ana)));
    return watched;
  }

  it('holds its name, once, until an observation agrees, and is not recognized again', async () => {
    const { track, gallery } = await namedAna();
    expect(track.doubt(hidden)).toMatchObject({
      kind: 'held',
      identity: { state: 'held', before: { person: ana }, reason: 'hidden' },
    });
    expect(track.doubt({ ordinal: 2, reason: 'jumped' })).toBeUndefined();
    expect([track.identity.state, track.settled, track.isInDoubt]).toEqual(['held', false, true]);
    expect(await track.add(since(2, near(ana)), gallery, rules)).toMatchObject({
      kind: 'confirmed',
      identity: { state: 'known', person: ana },
    });
    expect([track.settled, track.isInDoubt, track.showsOther]).toEqual([true, false, false]);
  });

  it.each([
    ['nobody known', near(ana, faraway, 0.8, 3)],
    ['somebody else', near(ben)],
  ])(
    'shows another face when one observation is of %s, however many spoke for the name',
    async (_, other) => {
      const watched = new Watched();
      await watched.see(...times(7, near(ana)));
      watched.track.doubt(hidden);
      expect(await watched.see(since(1, other))).toEqual([undefined]);
      expect(watched.track.showsOther).toBe(true);
      expect(watched.track.identity).toMatchObject({ state: 'held', before: { person: ana } });
    },
  );

  it('is settled neither way by a poor observation, nor by one made before the doubt arose', async () => {
    const { track, gallery } = await namedAna();
    track.doubt(hidden);
    for (const observation of [since(1, near(ana, 0.6, 0.2)), since(1, near(ana, faraway, 0.2)), near(ana)]) {
      expect(await track.add(observation, gallery, rules)).toBeUndefined();
      expect([track.isInDoubt, track.showsOther]).toEqual([true, false]);
    }
  });

  it('stays in doubt over unclear observations, and shows another face after three of them', async () => {
    const { track, gallery } = await namedAna();
    const between = (rules.sameFaceDistance + rules.otherFaceDistance) / 2;
    // At this distance from what was seen before, and too far from every photo to lean to anybody.
    const unclear = (): Observation => {
      const before = near(ana).vector;
      const cosine = cosineFromDistance(between);
      const vector = before.map((value) => value * cosine);
      vector[9] = Math.sqrt(1 - cosine * cosine);
      return since(1, observationOf(vector));
    };
    track.doubt(hidden);
    const answers: boolean[] = [];
    for (let look = 0; look < 3; look++) {
      await track.add(unclear(), gallery, { ...rules, leaningDistance: 0.3 });
      answers.push(track.showsOther);
    }
    expect(answers).toEqual([false, false, true]);
  });

  it('has nothing to hold before anything was decided, and still notices another face', async () => {
    const watched = new Watched();
    expect(watched.track.doubt(hidden)).toBeUndefined();
    expect(watched.track.isInDoubt).toBe(false);
    await watched.see(since(1, near(ana)), since(1, near(ana)));
    expect(watched.track.doubt({ ordinal: 2, reason: 'jumped' })).toBeUndefined();
    await watched.see(since(2, near(ben)));
    expect(watched.track.showsOther).toBe(true);
  });

  it('holds an unknown person too', async () => {
    const watched = new Watched();
    await watched.see(...times(5, stranger));
    expect(watched.track.doubt(hidden)).toMatchObject({
      kind: 'held',
      identity: { before: { state: 'unknown' } },
    });
    expect(await watched.see(since(1, stranger))).toMatchObject([
      { kind: 'confirmed', identity: { state: 'unknown' } },
    ]);
  });

  it('loses a held name at once when the person is erased', async () => {
    const watched = await namedAna();
    watched.track.doubt(hidden);
    watched.gallery.change([{ person: ben, vector: axis(1) }]);
    expect(await watched.rematch()).toMatchObject({ kind: 'changed', identity: { state: 'undecided' } });
    expect(watched.name).toBe('undecided');
  });
});

describe('when searches are far apart', () => {
  it.each([1000, 2000])(
    'every %i ms, an observation that contradicts holds the name, and a second ends the track',
    async (ms) => {
      const watched = new Watched();
      const look = (observation: Observation) => watched.track.add(observation, watched.gallery, rules, ms);
      for (const observation of times(3, near(ana))) await look(observation);
      expect(watched.name).toBe('Ana');
      expect(await look(near(ben))).toMatchObject({ kind: 'held', identity: { reason: 'contradicted' } });
      expect(watched.track.showsOther).toBe(false);
      await look(near(ben));
      expect(watched.track.showsOther).toBe(true);
    },
  );

  it.each([
    [40, 5],
    [100, 5],
    [400, 5],
    [500, 3],
    [2000, 3],
  ])('every %i ms, a stranger needs %i observations', async (ms, needed) => {
    const { track, gallery } = new Watched();
    const told = [];
    for (const observation of times(5, stranger)) told.push(await track.add(observation, gallery, rules, ms));
    expect(told.findIndex(Boolean) + 1).toBe(needed);
  });

  it.each([40, 100, 200, 500, 1000, 2000])('every %i ms, a name needs three observations', async (ms) => {
    const { track, gallery } = new Watched();
    const told = [];
    for (const observation of times(4, near(ana)))
      told.push(await track.add(observation, gallery, rules, ms));
    expect(told.map((decision) => decision?.kind)).toEqual([undefined, undefined, 'recognized', undefined]);
  });
});

describe('a track that has ended', () => {
  async function concluded(observations: readonly Observation[], changed?: SmallGallery['photos']) {
    const { track, gallery } = new Watched();
    for (const observation of observations) await track.add(observation, gallery, rules);
    expect(track.identity).toEqual({ state: 'undecided' });
    if (changed) gallery.change(changed);
    const told = await track.conclude(gallery, rules);
    return [told?.kind, nameOf(track.identity)];
  }

  const nothing = [undefined, 'undecided'];
  const leaning = near(ana, 1.1);

  it.each([
    ['one perfect observation', [near(ana, 0.6, 1)]],
    ['two good ones', times(2, near(ana, 0.6, 0.5))],
    ['two of which one is poor', [near(ana, 0.6, 0.9), near(ana, 0.9, 0.15)]],
  ])('is named from %s', async (_, observations) => {
    expect(await concluded(observations)).toEqual(['recognized', 'Ana']);
  });

  it.each([
    ['no observation', []],
    ['one that is not perfect', [near(ana, 0.6, 0.99)]],
    ['one that only leans to a person', [near(ana, 1.1, 1)]],
    ['one that names and one that only leans', [near(ana), leaning]],
    ['two that name different people', [near(ana), near(ben)]],
    ['one between two people', [observationOf(l2Normalise(new Float32Array(dimension).fill(1, 0, 2)), 1)]],
  ])('stays undecided after %s', async (_, observations) => {
    expect(await concluded(observations)).toEqual(nothing);
  });

  it('stays undecided after two poor ones, and says that they were', async () => {
    expect(await concluded(times(2, near(ana, 0.6, 0.49)))).toEqual(['unclear', 'undecided']);
  });

  it('is unknown after three observations that lean to nobody, and not after fewer', async () => {
    expect(await concluded(times(3, stranger))).toEqual(['unknown', 'unknown']);
    expect(await concluded(times(2, near(ana, faraway, 1)))).toEqual(nothing);
    expect(await concluded([stranger, leaning, stranger, stranger])).toEqual(nothing);
  });

  it('is named after who is enrolled by then, and not after who was erased', async () => {
    const good = times(2, near(ana));
    expect(await concluded(good, [{ person: ben, vector: axis(0) }])).toEqual(['recognized', 'Ben']);
    expect(await concluded(good, [{ person: ben, vector: axis(1) }])).toEqual(nothing);
  });

  it('is matched again when somebody is erased during the last match', async () => {
    const { track, gallery } = new Watched();
    for (const observation of times(2, near(ana))) await track.add(observation, gallery, rules);
    const slow: Matcher = {
      get revision() {
        return gallery.revision;
      },
      match: async (vector, count) => {
        const answer = gallery.match(vector, count);
        await Promise.resolve();
        if (gallery.revision === 0) gallery.change([]);
        return answer;
      },
    };
    expect(await track.conclude(slow, rules)).toBeUndefined();
    expect(track.identity).toEqual({ state: 'undecided' });
  });

  it('gets no name while it may show two faces', async () => {
    const { track, gallery } = new Watched();
    for (const observation of times(2, near(ana))) await track.add(observation, gallery, rules);
    track.doubt({ ordinal: 1, reason: 'hidden' });
    expect(await track.conclude(gallery, rules)).toBeUndefined();
    expect(track.identity).toEqual({ state: 'undecided' });
  });

  it('keeps a name that was decided with fewer votes than a first one would have by now', async () => {
    const watched = new Watched();
    await watched.see(...times(3, near(ana)), ...times(3, stranger));
    expect(await watched.track.conclude(watched.gallery, rules)).toBeUndefined();
    expect(watched.name).toBe('Ana');
  });
});

describe('a track that is seen poorly', () => {
  const poor = near(ana, faraway, 0.3);
  const hopeless = near(ana, faraway, 0.05);

  it('is no stranger, and tells once that it cannot be told', async () => {
    const watched = new Watched();
    expect(await watched.kinds(...times(30, poor))).toEqual(['unclear']);
    expect(watched.track.identity).toEqual({
      state: 'undecided',
      poorView: { reason: 'sharpness', quality: 0.3 },
    });
  });

  it('says so at its end, however short it was', async () => {
    for (const look of [poor, hopeless]) {
      const watched = new Watched();
      expect(await watched.kinds(look)).toEqual([]);
      expect(await watched.track.conclude(watched.gallery, rules)).toMatchObject({ kind: 'unclear' });
      expect(watched.track.observations).toMatchObject([{ quality: look.quality }]);
      expect(await watched.track.conclude(watched.gallery, rules)).toBeUndefined();
    }
  });

  it('is never matched by looks below the floor', async () => {
    const watched = new Watched();
    expect(await watched.kinds(...times(12, near(ana, 0.3, 0.05)))).toEqual(['unclear']);
    expect(watched.track.observations).toHaveLength(1);
    expect(watched.name).toBe('undecided');
  });

  it('says what was wrong with most looks', async () => {
    const watched = new Watched();
    const covered = { ...poor, weakest: 'mouth' } as const;
    await watched.see(...times(4, poor), ...times(6, covered));
    expect(watched.track.identity).toMatchObject({ poorView: { reason: 'mouth' } });
  });

  it('is named all the same when it is near enough, and becomes a stranger once it is seen well', async () => {
    expect(await new Watched().kinds(...times(7, near(ana, 0.6, 0.3)))).toEqual(['recognized']);
    const later = new Watched();
    expect(await later.kinds(...times(10, poor), ...times(7, stranger))).toEqual(['unclear', 'unknown']);
  });

  it('counts only clear looks towards a stranger, and poor ones that resemble somebody against it', async () => {
    expect(await new Watched().kinds(...times(4, stranger), ...times(3, poor))).toEqual([]);
    expect(await new Watched().kinds(...times(4, stranger), ...times(2, poor), stranger)).toEqual([
      'unknown',
    ]);
    const resembling = times(3, near(ana, 0.9, 0.45));
    expect(await new Watched().kinds(...times(4, stranger), ...resembling)).toEqual([]);
  });

  it('counts faces that were not worth a crop', () => {
    const { track } = new Watched();
    const glimpse = { ...poor, weakest: 'size', quality: 0.05 } as const;
    const told = Array.from({ length: 12 }, () => track.glimpse(glimpse)?.kind);
    expect(told.filter((kind) => kind !== undefined)).toEqual(['unclear']);
    expect(track.identity).toMatchObject({ poorView: { reason: 'size', quality: 0.05 } });
  });
});
