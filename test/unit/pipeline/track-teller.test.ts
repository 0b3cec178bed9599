import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Identity, UnknownRef } from '../../../src/core/face.js';
import { cameraOffline } from '../../../src/events/build-event.js';
import type { EventDraft } from '../../../src/events/identity-event.js';
import { TrackTeller, type TrackTellerOptions } from '../../../src/pipeline/track-teller.js';
import type { Transition } from '../../../src/recognition/track/recognizer.js';
import type { UnknownPerson } from '../../../src/core/track-store.js';
import { franck, known, sightingOf, stranger, undecided } from '../events/sighting.js';

const camera = { id: 'door', name: 'Front door' };
const { track, frame } = sightingOf(undecided);
const seven: UnknownRef = { id: 'u7', number: 7, seen: 1 };

type People = NonNullable<TrackTellerOptions['people']>;

let told: string[];
let errors: unknown[];
let people: { [K in keyof People]: ReturnType<typeof vi.fn<People[K]>> };
let teller: TrackTeller;

beforeEach(() => {
  [told, errors] = [[], []];
  const publish = ({ type, data }: EventDraft): void => {
    const unknown = 'unknown' in data && data.unknown ? ` ${data.unknown.number}` : '';
    told.push(type.replace('sightline.', '') + unknown);
  };
  people = {
    identify: vi.fn(() => Promise.resolve(seven as UnknownPerson)),
    recognized: vi.fn(() => Promise.resolve()),
  };
  teller = new TrackTeller({
    camera,
    publisher: { publish },
    people,
    identity: () => stranger,
    onError: (error) => errors.push(error),
  });
});

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

function to(identity: Identity): Transition {
  const kind = identity.state === 'known' ? 'recognized' : 'unknown';
  return { kind, identity, previous: undecided, frame, detection: track.detection!, looks: [] };
}

describe('TrackTeller', () => {
  it('tells of a stranger when it is known which one it is, and of all that comes later after that', async () => {
    const identified = withResolvers<UnknownPerson>();
    people.identify.mockReturnValue(identified.promise);
    teller.decided(track, to(stranger));
    teller.ended(track, frame);
    teller.camera(cameraOffline(camera, null));
    await Promise.resolve();
    expect(told).toEqual([]);
    identified.resolve(seven as UnknownPerson);
    await teller.close();
    expect(told).toEqual(['identity.unknown 7', 'track.ended 7', 'camera.offline']);
  });

  it('asks who a stranger is when it is decided, even while an earlier one is being told apart', () => {
    people.identify.mockReturnValue(new Promise(() => undefined));
    teller.decided(track, to(stranger));
    teller.decided({ ...track, id: 8 }, to(stranger));
    expect(people.identify.mock.calls.map(([{ key }]) => key.split('/').at(-1))).toEqual(['7', '8']);
  });

  it('tells of a stranger without a number when there is none', async () => {
    people.identify.mockRejectedValue(new Error('disk full'));
    teller.decided(track, to(stranger));
    await teller.close();
    expect(told).toEqual(['identity.unknown']);
    expect(errors).toEqual([new Error('disk full')]);
  });

  it('tells of somebody known at once, and closes when they are kept', async () => {
    const kept = withResolvers<void>();
    people.recognized.mockReturnValue(kept.promise);
    teller.decided(track, to(known(franck)));
    const closed = vi.fn();
    const closing = teller.close().then(closed);
    await vi.waitFor(() => expect(told).toEqual(['identity.recognized']));
    expect(closed).not.toHaveBeenCalled();
    kept.resolve();
    await closing;
  });
});
