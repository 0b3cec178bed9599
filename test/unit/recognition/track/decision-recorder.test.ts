import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Identity } from '../../../../src/core/face.js';
import type { UnknownPerson } from '../../../../src/core/track-store.js';
import { TrackRegistry } from '../../../../src/recognition/track/track-registry.js';
import {
  DecisionRecorder,
  type DecisionRecorderOptions,
} from '../../../../src/recognition/track/decision-recorder.js';
import type { Observation } from '../../../../src/recognition/track/observations.js';
import { franck, held, known, poorView, reportOf, stranger, undecided } from '../../events/track-report.js';

const { track, frame } = reportOf(undecided);
const seven = { id: 'u7', number: 7, seen: 1 } as UnknownPerson;

type People = DecisionRecorderOptions['people'];

let told: string[];
let errors: unknown[];
let people: { [K in keyof People]: ReturnType<typeof vi.fn<People[K]>> };
let tracks: TrackRegistry;
let recorder: DecisionRecorder;

beforeEach(() => {
  [told, errors] = [[], []];
  people = {
    identify: vi.fn(() => Promise.resolve(seven)),
    recognized: vi.fn(() => Promise.resolve()),
    unclear: vi.fn(() => Promise.resolve()),
  };
  const onError = (error: unknown): void => void errors.push(error);
  tracks = new TrackRegistry({
    cameraId: 'door',
    onChange: (change) => void told.push(change.type === 'identified' ? change.kind : change.type),
    onError,
  });
  recorder = new DecisionRecorder({ cameraId: 'door', tracks, people, onError });
  tracks.started(track, frame);
});

function look(quality: number): Observation {
  return { quality, vector: new Float32Array(1), crop: {} } as Observation;
}

function decide(identity: Identity, id = track.id): void {
  const kind = identity.state === 'known' ? 'recognized' : 'unknown';
  recorder.decided({ kind, identity, track: { ...track, id }, frame, observations: [] });
}

describe('DecisionRecorder', () => {
  it('asks who an unknown person is when it is decided, even while another one is being told apart', () => {
    people.identify.mockReturnValue(new Promise(() => undefined));
    tracks.started({ ...track, id: 8 }, frame);
    decide(stranger);
    decide(stranger, 8);
    expect(people.identify.mock.calls.map(([{ key }]) => key)).toEqual([
      tracks.state(7)?.key,
      tracks.state(8)?.key,
    ]);
    expect(people.identify.mock.calls[0]?.[0]).toMatchObject({ cameraId: 'door', seenAt: frame.capturedAt });
  });

  it('writes which unknown person it is into the state of the track', async () => {
    decide(stranger);
    await tracks.close();
    expect(tracks.state(7)?.identity).toEqual({ ...stranger, unknown: seven });
  });

  it('has the decision told all the same when nobody can say who it is', async () => {
    people.identify.mockRejectedValue(new Error('disk full'));
    decide(stranger);
    await tracks.close();
    expect(told).toEqual(['started', 'unknown']);
    expect(tracks.state(7)?.identity).toEqual(stranger);
    expect(errors).toEqual([new Error('disk full')]);
  });

  it('has somebody known told at once, and closes when they are kept', async () => {
    let keep: () => void = () => undefined;
    people.recognized.mockReturnValue(new Promise((resolve) => (keep = resolve)));
    decide(known(franck));
    const closed = vi.fn();
    const closing = recorder.close().then(closed);
    await tracks.close();
    expect(told).toEqual(['started', 'recognized']);
    expect(people.recognized).toHaveBeenCalledWith(
      expect.objectContaining({ key: tracks.state(7)?.key }),
      franck.id,
    );
    expect(closed).not.toHaveBeenCalled();
    keep();
    await closing;
  });

  it('says when somebody known could not be kept, and closes', async () => {
    people.recognized.mockRejectedValue(new Error('disk full'));
    decide(known(franck));
    await recorder.close();
    expect(errors).toEqual([new Error('disk full')]);
  });

  it.each([
    ['held', held(known(franck))],
    ['confirmed', known(franck)],
    ['confirmed', stranger],
  ] as const)(
    'has it told that a decision is %s, and asks and keeps nothing for it',
    async (kind, identity) => {
      recorder.decided({ kind, identity, track, frame, observations: [] });
      await tracks.close();
      expect(told).toEqual(['started', kind]);
      expect(people.identify).not.toHaveBeenCalled();
      expect(people.recognized).not.toHaveBeenCalled();
    },
  );

  it('keeps the crops of a poor view, for nobody', async () => {
    recorder.decided({ kind: 'unclear', identity: poorView, track, frame, observations: [look(0.2)] });
    await recorder.close();
    await tracks.close();
    expect(told).toEqual(['started', 'unclear']);
    expect(people.unclear.mock.calls.map(([{ key, faces }]) => [key, faces.length])).toEqual([
      [tracks.state(7)?.key, 1],
    ]);
    expect(people.identify).not.toHaveBeenCalled();
  });

  it('tells unknown people apart by clear looks only', () => {
    const observations = [look(0.9), look(0.6), look(0.3)];
    recorder.decided({ kind: 'unknown', identity: stranger, track, frame, observations });
    expect(people.identify.mock.calls[0]?.[0].faces.map(({ quality }) => quality)).toEqual([0.9, 0.6]);
  });

  it('asks and keeps nothing for a track that is gone', () => {
    tracks.ended(track, frame);
    decide(stranger);
    decide(known(franck));
    expect(people.identify).not.toHaveBeenCalled();
    expect(people.recognized).not.toHaveBeenCalled();
  });
});
