import { describe, expect, it } from 'vitest';
import { cameraOnline, identityDecided, trackStarted } from '../../../src/events/build-event.js';
import { EventBus } from '../../../src/events/event-bus.js';
import type { EventDraft } from '../../../src/events/identity-event.js';
import { toNewEvent } from '../../../src/events/kept-event.js';
import { audrey, franck, known, sightingOf, stranger, undecided } from './sighting.js';

const keep = (draft: EventDraft | null) => toNewEvent(new EventBus().publish(draft!));

describe('toNewEvent', () => {
  it('says whom the event tells of, and whom it names besides', () => {
    const claire = { id: 'p-claire', name: 'Claire' };
    const event = keep(identityDecided(sightingOf(known(audrey)), known(claire)));
    expect(event).toMatchObject({ cameraId: 'door', trackKey: 'door/run-1/7', personId: audrey.id });
    expect(event.mentions.toSorted()).toEqual([audrey.id, claire.id, franck.id]);
  });

  it('takes a stranger with a number for a person', () => {
    const unknown = { id: 'u-7', number: 7, seen: 1 };
    const event = keep(identityDecided(sightingOf({ ...stranger, unknown } as typeof stranger), undecided));
    expect(event.personId).toBe('u-7');
    expect(event.mentions).toContain('u-7');
  });

  it.each([
    ['undecided', trackStarted(sightingOf(undecided))],
    ['about a camera', cameraOnline({ id: 'door', name: 'Front door' })],
  ])('names nobody when it is %s', (_, draft) => {
    expect(keep(draft)).toMatchObject({ personId: null, mentions: [] });
  });
});
