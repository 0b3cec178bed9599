import { beforeEach, describe, expect, it } from 'vitest';
import type { Identity, Track, UnknownRef } from '../../../../src/core/face.js';
import type { TrackChange, TrackState } from '../../../../src/core/track-state.js';
import { TrackRegistry, type TrackDecision } from '../../../../src/recognition/track/track-registry.js';
import {
  audrey,
  evidence,
  franck,
  held,
  known,
  reportOf,
  stranger,
  undecided,
} from '../../events/track-report.js';

const { track, frame } = reportOf(undecided);
const seven: UnknownRef = { id: 'u7', number: 7, seen: 1 };

let changes: TrackChange[];
let errors: unknown[];
let tracks: TrackRegistry;

beforeEach(() => {
  [changes, errors] = [[], []];
  tracks = new TrackRegistry({
    cameraId: 'door',
    onChange: (change) => void changes.push(change),
    onError: (error) => void errors.push(error),
  });
});

function to(identity: Identity, kind: TrackDecision['kind'], of: Track = track): TrackDecision {
  return { kind, identity, track: of, frame };
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** A state in a word: a name, a number, or what the identity's state is called. */
function short(of: TrackState): string {
  const { identity } = of;
  if (identity.state === 'known') return identity.person.name;
  if (identity.state === 'held') return `${short({ ...of, identity: identity.before })}?`;
  return identity.state === 'unknown' ? `unknown ${identity.unknown?.number ?? '?'}` : identity.state;
}

/** Each change in a line: track, type, and the states before and after. */
function told(): string[] {
  return changes.map((change) => {
    const states = [
      'before' in change ? short(change.before) : '',
      'after' in change ? short(change.after) : '',
    ];
    const type = change.type === 'identified' ? change.kind : change.type;
    return `${change.track.id} ${type}: ${states.join(' → ').trim()}`;
  });
}

describe('TrackRegistry', () => {
  it('holds one state for each track from its start to its end', () => {
    expect(tracks.state(7)).toBeUndefined();
    tracks.started(track, frame);
    const begun = tracks.state(7);
    expect(begun).toMatchObject({ id: 7, identity: undecided });
    expect(begun?.key).toMatch(/^door\/[0-9a-f-]{36}\/7$/);
    tracks.decided(to(known(franck), 'recognized'));
    expect(tracks.state(7)).toEqual({ ...begun, identity: known(franck) });
    tracks.ended(track, frame);
    expect(tracks.state(7)).toBeUndefined();
  });

  it('tells changes in order, with the states before and after', async () => {
    tracks.started(track, frame);
    tracks.decided(to(known(franck), 'recognized'));
    tracks.decided(to(known(audrey), 'changed'));
    tracks.ended(track, frame);
    await tracks.close();
    expect(told()).toEqual([
      '7 started: → undecided',
      '7 recognized: undecided → Franck',
      '7 changed: Franck → Audrey',
      '7 ended: Audrey →',
    ]);
    expect(changes.map(({ frame: of }) => of)).toEqual(changes.map(() => frame));
  });

  it('shows at once that somebody is unknown, and tells it when it is known who; later changes wait', async () => {
    const person = withResolvers<UnknownRef | undefined>();
    tracks.started(track, frame);
    tracks.decided(to(stranger, 'unknown'), person.promise);
    expect(tracks.state(7)).toMatchObject({ identity: { state: 'unknown' } });
    tracks.started({ ...track, id: 8 }, frame);
    tracks.ended(track, frame);
    let availability = 'online';
    tracks.afterChanges(() => (availability = `offline after ${changes.length}`));
    await Promise.resolve();
    expect([told().length <= 1, availability]).toEqual([true, 'online']);
    person.resolve(seven);
    await tracks.close();
    expect(told()).toEqual([
      '7 started: → undecided',
      '7 unknown: undecided → unknown 7',
      '8 started: → undecided',
      '7 ended: unknown 7 →',
    ]);
    expect(availability).toBe('offline after 4');
  });

  it('tells of an unknown person without a number when there is none', async () => {
    tracks.started(track, frame);
    tracks.decided(to(stranger, 'unknown'), Promise.resolve(undefined));
    await tracks.close();
    expect(told().at(-1)).toBe('7 unknown: undecided → unknown ?');
  });

  it('keeps the number of an unknown person who is held, and whose number came only then', async () => {
    const person = withResolvers<UnknownRef | undefined>();
    tracks.started(track, frame);
    tracks.decided(to(stranger, 'unknown'), person.promise);
    tracks.decided(to(held(stranger), 'held'));
    person.resolve(seven);
    await tracks.close();
    expect(tracks.state(7)?.identity).toMatchObject({ state: 'held', before: { unknown: seven } });
    tracks.decided(to(stranger, 'confirmed'));
    await tracks.close();
    expect(tracks.state(7)?.identity).toEqual({ ...stranger, unknown: seven });
    expect(told().slice(1)).toEqual([
      '7 unknown: undecided → unknown 7',
      '7 held: unknown ? → unknown 7?',
      '7 confirmed: unknown 7? → unknown 7',
    ]);
  });

  it('ends a track that split with the identity from before the doubt, and one in doubt with none', async () => {
    const doubtful: Track = { ...track, doubt: { ordinal: 2, reason: 'hidden' } };
    for (const last of [{ ...track, doubt: { ordinal: 1, reason: 'jumped' } } as const, doubtful]) {
      tracks.started(track, frame);
      tracks.decided(to(known(franck), 'recognized'));
      tracks.decided(to(held(known(franck)), 'held', doubtful));
      tracks.ended(last, frame);
    }
    await tracks.close();
    expect(told().filter((line) => line.includes('ended'))).toEqual([
      '7 ended: Franck →',
      '7 ended: Franck? →',
    ]);
  });

  it('gives a number only to who is unknown still', async () => {
    const person = withResolvers<UnknownRef | undefined>();
    tracks.started(track, frame);
    tracks.decided(to(stranger, 'unknown'), person.promise);
    tracks.decided(to(known(franck), 'recognized'));
    person.resolve(seven);
    await tracks.close();
    expect(tracks.state(7)).toMatchObject({ identity: known(franck) });
    expect(told().slice(1)).toEqual(['7 unknown: undecided → unknown 7', '7 recognized: unknown ? → Franck']);
  });

  it('keeps the number when newer evidence confirms the decision, and tells nothing of it', async () => {
    tracks.started(track, frame);
    tracks.decided(to(stranger, 'unknown'), Promise.resolve(seven));
    await tracks.close();
    const newer = { ...evidence, confidence: 0.99 };
    tracks.confirmed(7, { state: 'unknown', evidence: newer });
    expect(tracks.state(7)?.identity).toEqual({ state: 'unknown', evidence: newer, unknown: seven });
    await tracks.close();
    expect(changes).toHaveLength(2);
  });

  it.each([
    ['another state', stranger],
    ['another person', known(audrey)],
  ])('takes no evidence for %s: that is a decision', (_, identity) => {
    tracks.started(track, frame);
    tracks.decided(to(known(franck), 'recognized'));
    tracks.confirmed(7, identity);
    expect(tracks.state(7)?.identity).toEqual(known(franck));
  });

  it('ignores what is said of tracks that never started or have ended', async () => {
    tracks.decided(to(known(franck), 'recognized'));
    tracks.confirmed(7, known(franck));
    tracks.ended(track, frame);
    tracks.started(track, frame);
    tracks.ended(track, frame);
    tracks.decided(to(known(franck), 'recognized'));
    tracks.ended(track, frame);
    await tracks.close();
    expect(told()).toEqual(['7 started: → undecided', '7 ended: undecided →']);
  });

  it('goes on when a listener throws', async () => {
    let calls = 0;
    const failing = new TrackRegistry({
      cameraId: 'door',
      onChange: () => {
        calls++;
        throw new Error('broken listener');
      },
      onError: (error) => void errors.push(error),
    });
    failing.started(track, frame);
    failing.ended(track, frame);
    await failing.close();
    expect([calls, errors]).toEqual([2, [new Error('broken listener'), new Error('broken listener')]]);
  });
});
