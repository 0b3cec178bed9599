import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Identity, Neighbour, Person } from '../../../src/core/face.js';
import type { Match, VotingRules } from '../../../src/recognition/decision.js';
import { TrackIdentity } from '../../../src/recognition/track-identity.js';
import type { IdentityTransition } from '../../../src/recognition/track-identity.js';

const ana: Person = { id: 'a', name: 'Ana' };
const ben: Person = { id: 'b', name: 'Ben' };
const rules: VotingRules = { threshold: 1, leastMargin: 0.1, samePerson: (distance) => 1 - distance / 2 };

const neighbour = (person: Person, distance: number): Neighbour => ({
  person,
  distance,
  centroidDistance: distance,
  rejected: false,
});
const near = (person: Person, distance = 0.5): Match => ({
  nearest: [neighbour(person, distance)],
  quality: 0.8,
});
const stranger = near(ana, 1.3);
/** Too close to call between the two. */
const torn: Match = {
  nearest: [neighbour(ana, 0.7), neighbour(ben, 0.75)],
  quality: 0.8,
};
const anyMatch = fc.constantFrom(near(ana), near(ben), stranger, torn);

function feed(track: TrackIdentity, ...matches: Match[]): (IdentityTransition | undefined)[] {
  return matches.map((match) => track.add(match, rules));
}
const times = (count: number, match: Match): Match[] => new Array<Match>(count).fill(match);
const nameOf = (identity: Identity): string =>
  identity.state === 'known' ? identity.person.name : identity.state;

describe('TrackIdentity', () => {
  it('begins undecided', () => {
    const track = new TrackIdentity();
    expect(track.identity).toEqual({ state: 'undecided' });
    expect(track.settled).toBe(false);
  });

  it('names after three crops that agree, and tells once', () => {
    const track = new TrackIdentity();
    const told = feed(track, ...times(5, near(ana)));
    expect(told.map((transition) => transition?.kind)).toEqual([
      undefined,
      undefined,
      'recognized',
      undefined,
      undefined,
    ]);
    expect(nameOf(track.identity)).toBe('Ana');
    expect(track.settled).toBe(true);
  });

  it('explains itself with the newest crop that spoke for the decision', () => {
    const track = new TrackIdentity();
    feed(track, near(ana, 0.9), near(ana, 0.8), stranger);
    const nearest = [neighbour(ana, 0.4), neighbour(ben, 0.9)];
    feed(track, { nearest, quality: 0.6 });
    expect(track.identity).toEqual({
      state: 'known',
      person: ana,
      evidence: {
        distance: 0.4,
        threshold: 1,
        margin: 0.5,
        confidence: 0.8,
        votes: { total: 4, inFavour: 3 },
        nearest,
        quality: 0.6,
      },
    });
  });

  it('needs five crops for a stranger', () => {
    const track = new TrackIdentity();
    expect(feed(track, ...times(5, stranger)).map((told) => told?.kind)).toEqual([
      ...times(4, stranger).map(() => undefined),
      'unknown',
    ]);
    expect(track.identity).toMatchObject({
      state: 'unknown',
      evidence: { distance: 1.3, votes: { total: 5, inFavour: 5 } },
    });
  });

  it('calls everybody a stranger when nobody is enrolled', () => {
    const track = new TrackIdentity();
    feed(track, ...times(5, { nearest: [], quality: 0.9 }));
    expect(track.identity).toMatchObject({
      state: 'unknown',
      evidence: { distance: null, margin: null, confidence: 1 },
    });
  });

  it('stays undecided while two people are too close to call', () => {
    const track = new TrackIdentity();
    feed(track, ...times(30, torn));
    expect(track.identity.state).toBe('undecided');
  });

  it('stays undecided while crops disagree', () => {
    const track = new TrackIdentity();
    feed(track, ...[near(ana), near(ben), stranger, near(ana), near(ben), stranger]);
    expect(track.identity.state).toBe('undecided');
  });

  it('gives a stranger a name when later crops bear it out', () => {
    const track = new TrackIdentity();
    feed(track, ...times(5, stranger));
    const told = feed(track, ...times(5, near(ana))).filter(Boolean);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      kind: 'recognized',
      previous: { state: 'unknown' },
      identity: { person: ana },
    });
  });

  it('replaces a name only by a clear majority of the newest crops', () => {
    const track = new TrackIdentity();
    feed(track, ...times(7, near(ana)));
    expect(feed(track, ...times(4, near(ben))).filter(Boolean)).toEqual([]);
    expect(track.settled).toBe(false);
    expect(track.add(near(ben), rules)).toMatchObject({
      kind: 'changed',
      previous: { person: ana },
      identity: { person: ben },
    });
  });

  it('withdraws a name only when no crop of the window bears it out', () => {
    const track = new TrackIdentity();
    feed(track, ...times(3, near(ana)));
    expect(feed(track, ...times(6, stranger)).filter(Boolean)).toEqual([]);
    expect(track.add(stranger, rules)).toMatchObject({
      kind: 'changed',
      previous: { person: ana },
      identity: { state: 'unknown' },
    });
  });

  it('never decides with fewer than three crops, whatever they say', () => {
    fc.assert(
      fc.property(fc.array(anyMatch, { maxLength: 2 }), (matches) => {
        const track = new TrackIdentity();
        feed(track, ...matches);
        expect(track.identity.state).toBe('undecided');
      }),
    );
  });

  it('never names a person for whom fewer than three crops spoke', () => {
    fc.assert(
      fc.property(fc.array(anyMatch, { maxLength: 30 }), (matches) => {
        const track = new TrackIdentity();
        matches.forEach((match, index) => {
          const told = track.add(match, rules);
          if (told?.identity.state !== 'known') return;
          const { person } = told.identity;
          const spoke = matches
            .slice(0, index + 1)
            .filter((m) => m !== torn && m !== stranger && m.nearest[0]!.person === person);
          expect(spoke.length).toBeGreaterThanOrEqual(3);
        });
      }),
    );
  });

  it('is not turned by a single bad crop among good ones', () => {
    const good = fc.integer({ min: 3, max: 12 });
    fc.assert(
      fc.property(good, anyMatch, good, (before, bad, after) => {
        const track = new TrackIdentity();
        const told = feed(track, ...times(before, near(ana)), bad, ...times(after, near(ana))).filter(
          Boolean,
        );
        expect(told.map((transition) => transition!.kind)).toEqual(['recognized']);
        expect(nameOf(track.identity)).toBe('Ana');
      }),
    );
  });

  it('tells of every change, from what was to what is', () => {
    fc.assert(
      fc.property(fc.array(anyMatch, { maxLength: 60 }), (matches) => {
        const track = new TrackIdentity();
        let before = 'undecided';
        for (const match of matches) {
          const told = track.add(match, rules);
          const now = nameOf(track.identity);
          expect(told !== undefined).toBe(now !== before);
          if (told) expect([nameOf(told.previous), nameOf(told.identity)]).toEqual([before, now]);
          before = now;
        }
      }),
    );
  });
});

describe('reconsider', () => {
  it('names a stranger who was just enrolled', () => {
    const track = new TrackIdentity();
    feed(track, ...times(7, stranger));
    expect(track.reconsider(times(7, near(ana)), rules)).toMatchObject({
      kind: 'recognized',
      identity: { person: ana },
    });
  });

  it('drops the name of a person who was erased', () => {
    const track = new TrackIdentity();
    feed(track, ...times(5, near(ana)));
    expect(track.reconsider(times(5, near(ben, 1.4)), rules)).toMatchObject({
      kind: 'changed',
      identity: { state: 'unknown' },
    });
    const short = new TrackIdentity();
    feed(short, ...times(3, near(ana)));
    expect(short.reconsider(times(3, near(ben, 1.4)), rules)).toBeUndefined();
    expect(short.identity.state).toBe('undecided');
  });

  it('keeps a name when nothing changed for this track', () => {
    const track = new TrackIdentity();
    const seen = [...times(2, near(ana)), ...times(5, stranger)];
    feed(track, ...times(3, near(ana)), ...seen);
    expect(track.reconsider(seen, rules)).toBeUndefined();
    expect(nameOf(track.identity)).toBe('Ana');
  });

  it('takes a new threshold into account', () => {
    const track = new TrackIdentity();
    feed(track, ...times(5, near(ana, 0.9)));
    expect(track.reconsider(times(5, near(ana, 0.9)), { ...rules, threshold: 0.8 })?.identity.state).toBe(
      'unknown',
    );
  });
});
