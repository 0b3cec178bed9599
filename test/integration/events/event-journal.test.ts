import { expect, it, vi } from 'vitest';
import { identityChanged, identityRecognized, trackStarted } from '../../../src/events/build-event.js';
import { EventBus } from '../../../src/events/event-bus.js';
import { EventJournal } from '../../../src/events/event-journal.js';
import { known, sightingOf, undecided } from '../../unit/events/sighting.js';
import { galleryFile, sighting } from '../storage/made-up.js';

const file = galleryFile();
const photo = { ...sighting(), photoName: 'a.jpg', photoHash: 'a' };

async function opened() {
  const store = file.open();
  const bus = new EventBus();
  const onError = vi.fn();
  const journal = await EventJournal.open({ bus, store: store.events, gallery: store, onError });
  const memory = (): string => JSON.stringify(bus.recent(100));
  const { person } = await store.addFace('Zebulon', photo);
  return { store, bus, journal, memory, person, onError };
}

it('lets the events in memory forget whom another process erased', async () => {
  const { store, bus, journal, memory, person, onError } = await opened();
  const first = bus.publish(identityRecognized(sightingOf(known(person))));
  await store.removePerson(person.id);
  expect(memory()).toContain('Zebulon');
  await journal.followPeople();
  expect(memory()).not.toContain('Zebulon');
  expect(bus.recent(1)[0]).toMatchObject({ id: first.id, data: { identity: null, camera: { id: 'door' } } });
  expect(onError).not.toHaveBeenCalled();
});

it('lets an event that comes after the erasure forget too, in the store and in memory', async () => {
  const { store, bus, memory, person } = await opened();
  await store.removePerson(person.id);
  const late = bus.publish(identityChanged(sightingOf(undecided), known(person)));
  await vi.waitFor(() => expect(memory()).not.toContain('Zebulon'));
  expect(JSON.stringify(await store.events.get(late.id))).not.toContain('Zebulon');
});

it('leaves the names of people who are still there', async () => {
  const { bus, journal, memory, person } = await opened();
  bus.publish(trackStarted(sightingOf(known(person))));
  const before = memory();
  await journal.followPeople();
  expect(memory()).toContain('"name":"Zebulon"');
  expect(before).toContain('"name":"Zebulon"');
});
