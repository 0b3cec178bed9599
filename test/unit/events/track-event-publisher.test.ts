import { beforeEach, describe, expect, it } from 'vitest';
import type { Identity } from '../../../src/core/face.js';
import type { DecisionKind, TrackChange, TrackState } from '../../../src/core/track-state.js';
import { trackStarted } from '../../../src/events/build-event.js';
import type { EventDraft } from '../../../src/events/identity-event.js';
import { TrackEventPublisher } from '../../../src/events/track-event-publisher.js';
import { audrey, franck, held, known, poorView, reportOf, stranger, undecided } from './track-report.js';

const { camera, track, trackKey, frame } = reportOf(undecided);

let published: EventDraft[];
let publisher: TrackEventPublisher;

beforeEach(() => {
  published = [];
  publisher = new TrackEventPublisher({ camera, events: { publish: (draft) => void published.push(draft) } });
});

function stateOf(identity: Identity): TrackState {
  return { id: track.id, key: trackKey, identity };
}

function identified(kind: DecisionKind, before: Identity, after: Identity): TrackChange {
  return { type: 'identified', kind, track, frame, before: stateOf(before), after: stateOf(after) };
}

describe('TrackEventPublisher', () => {
  const numbered: Identity = { ...stranger, unknown: { id: 'u7', number: 7, seen: 2 } } as Identity;
  const changes: { what: string; change: TrackChange; type: string; data: object }[] = [
    {
      what: 'a start',
      change: { type: 'started', track, frame, after: stateOf(undecided) },
      type: 'sightline.track.started',
      data: { identity: null, unknown: null, track: { id: 7, key: trackKey } },
    },
    {
      what: 'a first name',
      change: identified('recognized', undecided, known(franck)),
      type: 'sightline.identity.recognized',
      data: { identity: franck },
    },
    {
      what: 'an unknown person who gets a name',
      change: identified('recognized', numbered, known(franck)),
      type: 'sightline.identity.recognized',
      data: { identity: franck, unknown: null },
    },
    {
      what: 'an unknown person',
      change: identified('unknown', undecided, numbered),
      type: 'sightline.identity.unknown',
      data: { identity: null, unknown: { id: 'u7', number: 7, seen: 2 } },
    },
    {
      what: 'a name that was replaced',
      change: identified('changed', known(franck), known(audrey)),
      type: 'sightline.identity.changed',
      data: { identity: audrey, previous: franck },
    },
    {
      what: 'a name that was withdrawn',
      change: identified('changed', known(franck), undecided),
      type: 'sightline.identity.changed',
      data: { identity: null, unknown: null, previous: franck },
    },
    {
      what: 'a poor view',
      change: identified('unclear', undecided, poorView),
      type: 'sightline.identity.unclear',
      data: { identity: null, unknown: null, poorView: { reason: 'mouth', quality: 0.31 } },
    },
    {
      what: 'a name in doubt',
      change: identified('held', known(franck), held(known(franck))),
      type: 'sightline.identity.held',
      data: { identity: null, held: { identity: franck, unknown: null, reason: 'hidden' } },
    },
    {
      what: 'a name that stands again',
      change: identified('confirmed', held(known(franck)), known(franck)),
      type: 'sightline.identity.confirmed',
      data: { identity: franck },
    },
    {
      what: 'an end',
      change: { type: 'ended', track, frame, before: stateOf(numbered) },
      type: 'sightline.track.ended',
      data: { identity: null, unknown: { number: 7 } },
    },
  ];

  it.each(changes)('publishes one event of $what', ({ change, type, data }) => {
    publisher.changed(change);
    expect(published).toHaveLength(1);
    expect(published[0]).toMatchObject({ type, source: '/cameras/door', data: { camera, ...data } });
  });

  it('says nothing of a doubt about somebody without a name', () => {
    publisher.changed(identified('held', stranger, held(stranger)));
    publisher.changed(identified('confirmed', held(stranger), stranger));
    expect(published).toEqual([]);
  });

  it('publishes the track as it was in the frame of the change', () => {
    publisher.changed({ type: 'started', track, frame, after: stateOf(undecided) });
    expect(published).toEqual([trackStarted(reportOf(undecided))]);
  });

  it('publishes that the camera comes and goes, or is overloaded, and why', () => {
    const reason = { code: 'SOURCE_STALLED', message: 'No frame for 5 s.' };
    publisher.online();
    publisher.offline(reason);
    publisher.offline(null);
    publisher.overloaded(reason);
    publisher.recovered();
    expect(published.map(({ type, data }) => [type, data])).toEqual([
      ['sightline.camera.online', { camera, reason: null }],
      ['sightline.camera.offline', { camera, reason }],
      ['sightline.camera.offline', { camera, reason: null }],
      ['sightline.camera.overloaded', { camera, reason }],
      ['sightline.camera.recovered', { camera, reason: null }],
    ]);
  });
});
