import { describe, expect, it } from 'vitest';
import {
  cameraOffline,
  cameraOnline,
  cameraOverloaded,
  cameraRecovered,
  identityChanged,
  identityConfirmed,
  identityHeld,
  identityRecognized,
  identityUnclear,
  identityUnknown,
  recognitionCalibrated,
  lookAlikesFound,
  photoSetAside,
  trackEnded,
  trackStarted,
} from '../../../src/events/build-event.js';
import type { Neighbour } from '../../../src/core/face.js';
import { EventIds, eventIdPattern } from '../../../src/events/event-id.js';
import { eventTypes, type EventDraft } from '../../../src/events/identity-event.js';
import { toNewEvent, toSightlineEvent } from '../../../src/events/kept-event.js';
import {
  audrey,
  evidence,
  franck,
  held,
  known,
  poorView,
  reportOf,
  stranger,
  undecided,
} from './track-report.js';

const camera = { id: 'back yard', name: 'Back yard' };

function everyDraft(): EventDraft[] {
  return [
    trackStarted(reportOf(undecided)),
    trackEnded(reportOf(known(franck))),
    identityRecognized(reportOf(known(franck))),
    identityUnknown(reportOf(stranger)),
    identityUnclear(reportOf(poorView)),
    identityChanged(reportOf(known(audrey)), known(franck)),
    identityHeld(reportOf(held(known(franck)))),
    identityConfirmed(reportOf(known(franck))),
    cameraOnline(camera),
    cameraOffline(camera, { code: 'SOURCE_STALLED', message: 'No frame for 5 s.' }),
    cameraOverloaded(camera, { code: 'SEARCHES_WAIT', message: 'It is searched 0.3 times a second.' }),
    cameraRecovered(camera),
    recognitionCalibrated({
      embedder: 'mobilefacenet',
      people: 23,
      shift: -0.08,
      threshold: { before: 0.95, after: 0.87 },
    }),
    photoSetAside({
      identity: franck,
      photo: { id: 'a photo' },
      other: audrey,
      reason: { code: 'looks-like-other', message: 'A photo of Franck looks like Audrey.' },
    }),
    lookAlikesFound({ people: [franck, audrey], distance: 0.88, threshold: 0.87 }),
  ];
}

describe('event builders', () => {
  it('make CloudEvents 1.0 of every type, in JSON', () => {
    const ids = new EventIds();
    const events = everyDraft().map((draft, i) => {
      const event = toNewEvent(draft, ids.next(Date.now()), Date.now());
      return toSightlineEvent({ ...event, position: i, person: null });
    });
    expect(events.map(({ type }) => type)).toEqual(eventTypes);
    for (const event of events) {
      const parsed = JSON.parse(JSON.stringify(event)) as Record<string, unknown>;
      expect(parsed).toEqual(event);
      expect(parsed['specversion']).toBe('1.0');
      expect(parsed['id']).toMatch(eventIdPattern);
      expect(URL.canParse(String(parsed['source']), 'http://base')).toBe(true);
      expect(parsed['datacontenttype']).toBe('application/json');
      expect(new Date(String(parsed['time'])).toISOString()).toBe(parsed['time']);
      // Attribute names of CloudEvents: lower-case letters and digits only.
      expect(Object.keys(parsed).every((name) => /^[a-z0-9]+$/.test(name))).toBe(true);
    }
  });

  it('tell of the gallery without a camera, and of everybody they name', () => {
    const drafts = everyDraft().filter(({ type }) => type.startsWith('sightline.gallery.'));
    const events = drafts.map((draft) => toNewEvent(draft, 'id', 0));
    expect(events).toMatchObject([
      { personId: franck.id, people: [franck.id, audrey.id] },
      { personId: null, people: [franck.id, audrey.id] },
    ]);
    for (const event of events)
      expect(toSightlineEvent({ ...event, position: 1, person: null })).toMatchObject({
        source: '/gallery',
        data: { camera: null },
      });
    expect(events[1]!.data).toMatchObject({
      reason: { message: expect.stringMatching(/look alike \(0\.88 apart\).*0\.87 or less/) as string },
    });
  });

  it('say why a look-alike makes a name need more', () => {
    const [first] = evidence.nearest;
    const lookAlike = { person: { id: 'twin', name: 'Twin' }, threshold: 0.85 };
    const known = {
      state: 'known' as const,
      person: first!.person,
      evidence: { ...evidence, nearest: [{ ...first!, lookAlike }], threshold: 0.85 },
    };
    const draft = identityRecognized(reportOf(known));
    expect(draft.data.why.summary).toMatch(/a name needs 0\.85 or less because Twin looks alike/);
    expect(draft.data.why.nearest[0]!.lookAlike).toEqual({ id: 'twin', name: 'Twin', threshold: 0.85 });
    expect(toNewEvent(draft, 'id', 0).people).toContain('twin');
  });

  it('percent-encode the camera in the source', () => {
    expect(cameraOnline(camera).source).toBe('/cameras/back%20yard');
  });

  it('say who, where, when and how sure', () => {
    const { data } = trackEnded(reportOf(known(franck)));
    expect(data).toMatchObject({
      camera: { id: 'door', name: 'Front door' },
      track: { id: 7, ageMs: 400, hits: 9 },
      identity: { id: 'p-franck', name: 'Franck' },
      distance: 0.8123,
      threshold: 1.02,
      margin: 0.31,
      confidence: 0.934,
      box: { x: 10.1, y: 21, width: 80, height: 100 },
      frame: { sequence: 42, width: 640, height: 360, capturedAt: '2026-11-22T09:30:00.000Z' },
      quality: 0.71,
    });
    expect(data.landmarks).toHaveLength(5);
    expect(data.why.nearest[1]).toEqual({
      id: 'p-audrey',
      name: 'Audrey',
      distance: 1.1223,
      centroidDistance: 1.1223,
      rejected: false,
    });
    expect(data.why.votes).toEqual({ total: 4, inFavour: 3 });
    expect(data.why.crops).toEqual([
      { quality: 0.9, distance: 0.8512, identity: { id: 'p-franck', name: 'Franck' } },
      { quality: 0.71, distance: 1.2, identity: null },
    ]);
    expect(data.why).toMatchObject({ weight: 2.1235, falseNameRate: 0.001 });
    expect(data.why.times).toEqual({ queueMs: 0.1, alignMs: 1.3, embedMs: 4, matchMs: 0.4 });
  });

  it('say what was wrong with a face that was seen too poorly, at the end of its track, too', () => {
    for (const { data } of [identityUnclear(reportOf(poorView)), trackEnded(reportOf(poorView))]) {
      expect(data.poorView).toEqual({ reason: 'mouth', quality: 0.31 });
      expect(data.why.summary).toContain('too poorly');
      expect(data.why.summary).toContain('mouth covered');
    }
    expect(trackEnded(reportOf(undecided)).data).not.toHaveProperty('poorView');
  });

  it('leave the figures out while recognition is undecided', () => {
    const { data } = trackStarted(reportOf(undecided));
    expect(data).toMatchObject({ identity: null, distance: null, threshold: null, confidence: null });
    expect(data.why).toMatchObject({ votes: null, nearest: [], crops: [], times: null });
  });
});

describe('identityChanged', () => {
  it('tells the name that was withdrawn', () => {
    const { data } = identityChanged(reportOf(stranger), known(franck));
    expect(data).toMatchObject({ identity: null, previous: { id: 'p-franck', name: 'Franck' } });
  });
});

describe('identityHeld', () => {
  it('names nobody, and says whom it was before and why that is in doubt', () => {
    const { data } = identityHeld(reportOf(held(known(franck), 'overlapped')));
    expect(data).toMatchObject({
      identity: null,
      unknown: null,
      held: { identity: { id: 'p-franck', name: 'Franck' }, unknown: null, reason: 'overlapped' },
      distance: 0.8123,
    });
    expect(data.why.summary).toMatch(/^Another face was in the same place.* 3 of 4 observations .* Franck\./);
  });

  it('keeps the number of an unknown person', () => {
    const unknown = { id: 'u7', number: 7, seen: 2 };
    const { data } = identityHeld(reportOf(held({ state: 'unknown', evidence, unknown })));
    expect(data).toMatchObject({ identity: null, unknown: null, held: { identity: null, unknown } });
  });

  it('lets everybody named in it be erased, the one who is held included', () => {
    const draft = identityHeld(
      reportOf(held({ ...known(franck), evidence: { ...evidence, crops: [], nearest: [] } })),
    );
    const event = toNewEvent(draft, 'id', 0);
    expect([event.personId, event.people]).toEqual([null, [franck.id]]);
  });

  it('is no part of events of a track that is not in doubt', () => {
    expect(trackEnded(reportOf(known(franck))).data).not.toHaveProperty('held');
    expect(identityChanged(reportOf(known(audrey)), held(known(franck))).data.previous).toEqual(franck);
  });
});

describe('why', () => {
  const summaryOf = (identity: Parameters<typeof reportOf>[0]) =>
    trackEnded(reportOf(identity)).data.why.summary;

  it('of a name holds the votes, the distance, the threshold and the runner-up', () => {
    expect(summaryOf(known(franck))).toBe(
      '3 of 4 observations of this face point to Franck. Together they are at distance 0.81 from the nearest photo, ' +
        'a name needs 1.02 or less; the next person is 0.31 further away.',
    );
  });

  it('of a stranger names the nearest person and the threshold', () => {
    expect(summaryOf(stranger)).toBe(
      'The nearest person is Franck at distance 1.30; a name needs 1.02 or less.',
    );
  });

  it('of a stranger whom somebody said not to be a person says so, and leaves that person out', () => {
    const [first, second] = evidence.nearest as [Neighbour, Neighbour];
    const ruledOut = { ...first, rejected: true };
    expect(summaryOf({ state: 'unknown', evidence: { ...evidence, nearest: [ruledOut, second] } })).toBe(
      'Somebody marked this face as not Franck. ' +
        'The nearest person is Audrey at distance 1.12; a name needs 1.02 or less.',
    );
    expect(summaryOf({ state: 'unknown', evidence: { ...evidence, nearest: [ruledOut] } })).toBe(
      'Somebody marked this face as not Franck.',
    );
  });

  it('of an empty gallery says so', () => {
    const empty = { ...evidence, distance: null, margin: null, nearest: [] };
    expect(summaryOf({ state: 'unknown', evidence: empty })).toContain('Nobody is enrolled');
  });
});
