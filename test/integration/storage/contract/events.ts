import { describe, expect, it } from 'vitest';
import type { EventQuery } from '../../../../src/core/event-store.js';
import type { Storage } from '../../../../src/core/storage.js';
import { event, model, recordUnknown, sighting, track } from '../made-up.js';
import { arcFaceTemplate } from '../../../../src/core/similarity.js';
import type { TestData } from './test-data.js';

async function enrol(store: Storage, name: string): Promise<string> {
  const embedding = { model, vector: new Float32Array(4) };
  const crop = { png: new Uint8Array(3), landmarks: arcFaceTemplate };
  const face = { photoName: name, photoHash: name, quality: 1, embedding, crop };
  return (await store.people.addFace(name, face)).person.id;
}

async function ids(store: Storage, query: Partial<EventQuery> = {}): Promise<string[]> {
  const events = await store.events.query({ order: 'oldest first', limit: 100, ...query });
  return events.map(({ id }) => id);
}

/** Events. */
export function describeEvents(place: TestData): void {
  describe('events', () => {
    it('keeps events over a restart, as they were said', async () => {
      const store = await place.open();
      const ana = await enrol(store, 'Ana');
      const said = event(1, {
        trackKey: 'door/1/1',
        personId: ana,
        data: { list: [1, null, { deep: 'ß李' }] },
      });
      const [position] = await store.events.append([said]);
      await store.close();
      const { id, time, type, cameraId, trackKey, data } = said;
      const person = { id: ana, name: 'Ana', number: null };
      expect(await (await place.open()).events.get(id)).toEqual({
        ...{ position, id, time, type, cameraId, trackKey, data, person },
      });
    });

    it('finds them by camera, person, type, time and cursor, in either order', async () => {
      const store = await place.open();
      const ana = await enrol(store, 'Ana');
      const [, , p3] = await store.events.append([
        event(1),
        event(2, { cameraId: 'yard' }),
        event(3, { personId: ana }),
        event(4, { type: 'sightline.camera.offline' }),
        event(5, { cameraId: 'yard', personId: ana }),
      ]);
      const [e1, e2, e3, e4, e5] = [1, 2, 3, 4, 5].map((number) => event(number).id) as [string, ...string[]];
      expect(await ids(store)).toEqual([e1, e2, e3, e4, e5]);
      expect(await ids(store, { order: 'newest first', limit: 2 })).toEqual([e5, e4]);
      expect(await ids(store, { cameraIds: ['yard'] })).toEqual([e2, e5]);
      expect(await ids(store, { personId: ana })).toEqual([e3, e5]);
      expect(await ids(store, { personId: ana, cameraIds: ['yard'] })).toEqual([e5]);
      expect(await ids(store, { types: ['sightline.camera.offline'] })).toEqual([e4]);
      expect(await ids(store, { cameraIds: ['yard', 'door'], limit: 2 })).toEqual([e1, e2]);
      expect(await ids(store, { cameraIds: ['yard', 'attic'], types: [] })).toEqual([e2, e5]);
      expect(await ids(store, { types: ['sightline.camera.offline', 'other'] })).toEqual([e4]);
      expect(await ids(store, { upTo: p3!, order: 'newest first' })).toEqual([e3, e2, e1]);
      expect(await ids(store, { since: 2000, until: 4000 })).toEqual([e2, e3]);
      expect(await ids(store, { after: p3! })).toEqual([e4, e5]);
      expect(await ids(store, { before: p3!, order: 'newest first' })).toEqual([e2, e1]);
      expect(await ids(store, { after: 0, limit: 1 })).toEqual([e1]);
    });

    it('finds them by time also when the clock was set back in between', async () => {
      const store = await place.open();
      const times = [1000, 2000, 3000, 1500, 2500];
      await store.events.append(times.map((time, number) => event(number, { time })));
      const found = (await ids(store, { since: 1500, until: 2600 })).map((id) => Number(id.slice(1)));
      expect(found).toEqual([1, 3, 4]);
      expect(await ids(store, { since: 3001 })).toEqual([]);
      expect(await ids(store, { until: 1000 })).toEqual([]);
    });

    it('keeps all events of a call or none', async () => {
      const store = await place.open();
      await store.events.append([event(1)]);
      await expect(store.events.append([event(2), event(3, { data: 1n })])).rejects.toThrow(/BigInt/);
      expect(await ids(store)).toEqual([event(1).id]);
    });

    it('keeps an event once, however often it is given', async () => {
      const store = await place.open();
      const first = await store.events.append([event(1), event(2)]);
      const again = await store.events.append([event(2, { type: 'other' }), event(3)]);
      expect(again).toEqual([first[1], first[1]! + 1]);
      expect(await ids(store)).toEqual([1, 2, 3].map((number) => event(number).id));
      expect((await store.events.get(event(2).id))?.type).toBe('sightline.track.started');
    });

    it('gives positions in the order of storing, whatever the ids, and none twice', async () => {
      const store = await place.open();
      expect([await store.events.newestPosition(), await store.events.greatestId()]).toEqual([0, undefined]);
      const [p5] = await store.events.append([event(5)]);
      const [p2, p9] = await store.events.append([event(2), event(9, { time: 0 })]);
      const positions = async (after: number) =>
        (await store.events.after(after, 10)).map(({ id, position }) => [id, position]);
      expect(await positions(p5!)).toEqual([
        [event(2).id, p2],
        [event(9).id, p9],
      ]);
      expect([await store.events.newestPosition(), await store.events.greatestId()]).toEqual([
        p9,
        event(9).id,
      ]);
      await store.tracks.prune({ eventsBefore: 1, unknownBefore: 0 });
      expect(await store.events.newestPosition()).toBe(p2);
      expect((await store.events.append([event(10)]))[0]).toBe(p9! + 1);
    });

    it('finds where to go on after an event, kept or not', async () => {
      const store = await place.open();
      const [p1, p2, p4] = await store.events.append([event(1), event(2), event(4)]);
      const found = await Promise.all([0, 1, 2, 3, 4, 5].map((n) => store.events.positionOf(event(n).id)));
      expect(found).toEqual([0, p1, p2, p2, p4, p4]);
    });

    it('keeps the cursors of readers over a restart, each under its name', async () => {
      const store = await place.open();
      expect(await store.cursors.load('webhook')).toBeUndefined();
      await store.cursors.save('webhook', 3);
      await store.cursors.save('mqtt', 2 ** 40);
      await store.cursors.save('webhook', 4);
      await store.close();
      const { cursors } = await place.open();
      expect([await cursors.load('webhook'), await cursors.load('mqtt')]).toEqual([4, 2 ** 40]);
    });

    it('names the person of a track in events before and after the track was recorded', async () => {
      const store = await place.open();
      await store.events.append([event(1, { trackKey: 't' }), event(2, { trackKey: 'other' })]);
      const unknown = await recordUnknown(store, track('t'));
      await store.events.append([event(3, { trackKey: 't' })]);
      expect(await ids(store, { personId: unknown.id })).toEqual([event(1).id, event(3).id]);
      await store.tracks.name(unknown.id, 'Ana');
      const [first] = await store.events.query({ personId: unknown.id, order: 'oldest first', limit: 1 });
      expect(first!.person).toEqual({ id: unknown.id, name: 'Ana', number: 1 });
    });

    it('leaves what was said of a named person when the track turns out to be another', async () => {
      const store = await place.open();
      const [ana, ben] = [await enrol(store, 'Ana'), await enrol(store, 'Ben')];
      await store.tracks.recordKnown(track('t'), ana, [sighting()]);
      await store.events.append([event(1, { trackKey: 't', personId: ana })]);
      await store.tracks.recordKnown(track('t'), ben, []);
      await store.events.append([event(2, { trackKey: 't' })]);
      expect(await ids(store, { personId: ana })).toEqual([event(1).id]);
      expect(await ids(store, { personId: ben })).toEqual([event(2).id]);
    });

    it('forgets an erased person wherever an event tells of them, also in those that come late', async () => {
      const store = await place.open();
      const ana = await enrol(store, 'Zebulon');
      const ben = await enrol(store, 'Ben');
      const zebulon = { id: ana, name: 'Zebulon' };
      const nearest = [
        { ...zebulon, distance: 0.5 },
        { id: ben, name: 'Ben', distance: 0.9 },
      ];
      const data = { identity: zebulon, why: { summary: '3 of 3 looks say Zebulon.', nearest } };
      const others = { identity: { id: ben, name: 'Ben' }, why: { summary: 'Ben, not Zebulon.', nearest } };
      await store.events.append([
        event(1, { personId: ana, data }),
        event(2, { personId: ben, data: others }),
      ]);
      await store.people.rename(ana, 'Zebediah');
      expect(await store.people.removePerson(ana)).toBe(true);
      await store.events.append([event(3, { personId: ana, data })]);
      const events = await store.events.query({ order: 'oldest first', limit: 9 });
      expect(events.map(({ person }) => person?.name ?? null)).toEqual([null, 'Ben', null]);
      expect(JSON.stringify(events)).not.toMatch(/Zeb/);
      expect(events[1]!.data).toEqual({
        identity: { id: ben, name: 'Ben' },
        why: { summary: 'Ben, not (erased).', nearest: [nearest[1]] },
      });
    });

    it('leaves an erased person out of a late event that tells of somebody else', async () => {
      const store = await place.open();
      const [ana, ben] = [await enrol(store, 'Zebulon'), await enrol(store, 'Ben')];
      const data = {
        identity: null,
        previous: { id: ana, name: 'Zebulon' },
        why: { summary: 'Zebulon is far.', nearest: [{ id: ben, name: 'Ben' }] },
      };
      await store.people.removePerson(ana);
      const late = [
        event(1, { people: [ana, ben], data }),
        event(2, { people: [ben], data: { fine: true } }),
      ];
      await store.events.append(late);
      expect((await store.events.get(event(2).id))?.data).toEqual({ fine: true });
      expect((await store.events.get(event(1).id))?.data).toEqual({
        identity: null,
        previous: null,
        why: { summary: '(erased) is far.', nearest: [{ id: ben, name: 'Ben' }] },
      });
    });

    it('forgets an erased person under the names of those who were merged into them too', async () => {
      const store = await place.open();
      const [from, into] = [await enrol(store, 'Zebulon'), await enrol(store, 'Ana')];
      const identity = { id: from, name: 'Zebulon' };
      const said = event(1, { personId: from, data: { identity, why: { summary: 'Zebulon it is.' } } });
      const near = event(2, { data: { nearest: [{ ...identity, distance: 1 }] } });
      await store.events.append([said, near]);
      await store.people.merge(from, into);
      expect((await store.events.get(said.id))?.data).toMatchObject({
        identity: { id: into, name: 'Zebulon' },
      });
      await store.people.removePerson(into);
    });

    it('forgets an erased person in events that come while it looks', async () => {
      const store = await place.open();
      const ana = await enrol(store, 'Zebulon');
      const data = { identity: { id: ana, name: 'Zebulon' } };
      await store.events.append([event(0, { personId: ana, data })]);
      const removal = store.people.removePerson(ana);
      for (let number = 1; number < 40; number++)
        await store.events.append([event(number, { personId: ana, data })]);
      await removal;
      expect(JSON.stringify(await store.events.query({ order: 'oldest first', limit: 99 }))).not.toMatch(
        /Zeb/,
      );
    });

    it('lets other work go on while it looks through many events for a name', async () => {
      const store = await place.open();
      const ana = await enrol(store, 'Ana');
      const data = { identity: { id: ana, name: 'Ana' } };
      const many = Array.from({ length: 3500 }, (_, number) => event(number, { personId: ana, data }));
      await store.events.append(many);
      let turns = 0;
      const timer = setInterval(() => turns++, 0);
      await store.people.removePerson(ana);
      clearInterval(timer);
      expect(turns).toBeGreaterThan(0);
      const kept = await store.events.query({ order: 'oldest first', limit: 5000 });
      expect(kept.filter(({ data }) => JSON.stringify(data).includes('Ana'))).toEqual([]);
    });
  });
}
