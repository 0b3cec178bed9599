import { describe, expect, it } from 'vitest';
import type { GalleryEntry } from '../../../../src/core/people-store.js';
import { arcFaceTemplate } from '../../../../src/core/similarity.js';
import type { UnknownEntry } from '../../../../src/core/track-store.js';
import type { Storage } from '../../../../src/core/storage.js';
import { event, model, recordUnknown, sighting, snapshot, track } from '../made-up.js';
import type { TestData } from './test-data.js';

async function enrol(store: Storage, name: string): Promise<string> {
  const crop = { png: new Uint8Array(3), landmarks: arcFaceTemplate };
  const face = { photoName: name, photoHash: name, quality: 1, embedding: sighting().embedding, crop };
  return (await store.people.addFace(name, face)).person.id;
}

async function unknownEntries(store: Storage, personId?: string): Promise<UnknownEntry[]> {
  const entries: UnknownEntry[] = [];
  for await (const portion of store.tracks.unknownEntries(model, personId)) entries.push(...portion);
  return entries;
}

async function rolesOf(store: Storage, name: string): Promise<GalleryEntry['role'][]> {
  const entries: GalleryEntry[] = [];
  for await (const portion of store.people.entries(model)) entries.push(...portion);
  return entries.filter(({ person }) => person.name === name).map(({ role }) => role);
}

async function peopleOfEvents(store: Storage): Promise<(string | number | null)[]> {
  const events = await store.events.query({ order: 'oldest first', limit: 100 });
  return events.map(({ person }) => person && (person.name ?? person.number));
}

/** Tracks and the people without a name. */
export function describeTracks(place: TestData): void {
  describe('people without a name', () => {
    it('have a number that is never given again, whoever goes', async () => {
      const store = await place.open();
      const first = await recordUnknown(store, track('a'));
      const second = await recordUnknown(store, track('b'));
      expect([first.number, second.number]).toEqual([1, 2]);
      await store.tracks.dismiss(second.id);
      await store.close();
      const reopened = await place.open();
      expect((await recordUnknown(reopened, track('c'))).number).toBe(3);
      expect(await reopened.people.persons()).toEqual([]);
      expect(await reopened.tracks.unknownPerson(2)).toBeUndefined();
    });

    it('are seen once for each track, from the first time to the last, by every camera', async () => {
      const store = await place.open();
      const { id } = await recordUnknown(store, track('a', 5000));
      await recordUnknown(store, track('a', 6000), id);
      await recordUnknown(store, track('b', 2000, 'yard'), id);
      await recordUnknown(store, track('c', 3000, 'attic'), id);
      expect(await store.tracks.unknownPeople()).toEqual([
        { id, number: 1, seen: 3, firstSeenAt: 2000, lastSeenAt: 6000, cameras: ['attic', 'door', 'yard'] },
      ]);
    });

    it('are not made of a track that was seen too poorly, nor get its crops should it become theirs', async () => {
      const store = await place.open();
      await store.tracks.recordUnclear(track('a'), [sighting(0.2)], snapshot(0.2));
      expect(await store.tracks.unknownPeople()).toEqual([]);
      expect(await store.tracks.snapshot('a')).toEqual(snapshot(0.2));
      expect(await unknownEntries(store)).toEqual([]);
      const { id } = await recordUnknown(store, track('a'));
      const own = (await unknownEntries(store)).map(({ quality, personId }) => [quality, personId]);
      expect(own.filter(([quality]) => quality === 0.2)).toEqual([]);
      expect(own.every(([, personId]) => personId === id)).toBe(true);
      await store.tracks.recordUnclear(track('a'), [sighting(0.1)]);
      expect(await store.tracks.unknownOwner('a')).toBe(id);
    });

    it('give their embeddings one by one', async () => {
      const store = await place.open();
      const [first, second] = [
        await recordUnknown(store, track('a')),
        await recordUnknown(store, track('b')),
      ];
      const all = await unknownEntries(store);
      for (const { id } of [first, second])
        expect(await unknownEntries(store, id)).toEqual(all.filter(({ personId }) => personId === id));
      expect(await unknownEntries(store, second.id)).toHaveLength(1);
      expect(await unknownEntries(store, 'nobody')).toEqual([]);
    });

    it('are not changed on the grounds of what is no longer so', async () => {
      const store = await place.open();
      const revision = await store.revision('unknownPeople');
      const { id } = await recordUnknown(store, track('a'));
      const change = { track: track('b'), personId: id, add: [sighting()], remove: [], limit: 100 };
      expect(await store.tracks.recordUnknown(change, revision)).toBeUndefined();
      expect(await store.tracks.unknownPeople()).toMatchObject([{ seen: 1 }]);
      expect(await unknownEntries(store)).toHaveLength(1);
    });

    it('beyond the limit go: those seen once first, the oldest first', async () => {
      const store = await place.open();
      const often = await recordUnknown(store, track('a', 1), null, [], 3);
      await recordUnknown(store, track('b', 2), often.id, [], 3);
      await recordUnknown(store, track('c', 4), null, [], 3);
      await recordUnknown(store, track('d', 3), null, [], 3);
      await recordUnknown(store, track('e', 5), null, [sighting()], 3);
      expect((await store.tracks.unknownPeople()).map(({ number }) => number)).toEqual([1, 2, 4]);
    });
  });

  describe('the best crop of a person without a name', () => {
    it('is that of the highest quality', async () => {
      const store = await place.open();
      const crops = [0.5, 0.9, 0.7].map(sighting);
      const { id } = await recordUnknown(store, track('t'), null, crops);
      expect(await store.tracks.bestCrop(id)).toEqual(sighting(0.9).crop);
      expect(await store.tracks.bestCrop('nobody')).toBeUndefined();
    });
  });

  describe('naming', () => {
    it('makes the best crops enrolled photos and carries over to past events', async () => {
      const store = await place.open();
      const qualities = [0.1, 0.9, 0.3, 0.8, 0.2, 0.7, 0.6];
      const { id } = await recordUnknown(store, track('t'), null, qualities.map(sighting));
      await store.events.append([event(1, { trackKey: 't' }), event(2, { personId: id })]);
      expect(await peopleOfEvents(store)).toEqual([1, 1]);
      expect(await store.tracks.name(id, 'Ana')).toEqual({ id, name: 'Ana' });
      expect((await store.people.faces(id)).map(({ quality }) => quality).sort()).toEqual([
        0.3, 0.6, 0.7, 0.8, 0.9,
      ]);
      expect((await store.people.faces(id))[0]!.photoName).toContain('door');
      expect(await peopleOfEvents(store)).toEqual(['Ana', 'Ana']);
      expect(await unknownEntries(store)).toEqual([]);
      await expect(store.tracks.name(id, 'Ben')).rejects.toMatchObject({ code: 'UNKNOWN_PERSON_NOT_FOUND' });
    });

    it('as somebody who is there moves everything to them', async () => {
      const store = await place.open();
      const ana = await enrol(store, 'Ana');
      const { id } = await recordUnknown(store, track('t'));
      await store.events.append([event(1, { trackKey: 't' })]);
      expect(await store.tracks.name(id, 'Ana')).toEqual({ id: ana, name: 'Ana' });
      expect(await store.people.persons()).toMatchObject([{ id: ana, faces: 2 }]);
      expect(await peopleOfEvents(store)).toEqual(['Ana']);
      expect((await recordUnknown(store, track('u'))).number).toBe(2);
    });

    it('takes back that the track was not theirs', async () => {
      const store = await place.open();
      const ana = await enrol(store, 'Ana');
      await store.tracks.recordKnown(track('t'), ana, [sighting()]);
      await store.tracks.reject('t', ana);
      const { id } = await recordUnknown(store, track('t'));
      expect(await rolesOf(store, 'Ana')).toEqual(['example', 'counterexample']);
      await store.tracks.name(id, 'Ana');
      expect(await rolesOf(store, 'Ana')).toEqual(['example', 'example', 'example']);
    });
  });

  describe('"this is not X"', () => {
    it('turns the crops of the track into counterexamples once, and takes the name off its events', async () => {
      const store = await place.open();
      const ana = await enrol(store, 'Ana');
      await store.tracks.recordKnown(track('t'), ana, [sighting(0.5), sighting(0.9), sighting(0.7)]);
      await store.events.append([event(1, { trackKey: 't', personId: ana }), event(2, { personId: ana })]);
      expect(await store.tracks.reject('t', ana)).toBe(2);
      expect(await store.tracks.reject('t', ana)).toBe(0);
      expect(await rolesOf(store, 'Ana')).toEqual(['example', 'counterexample', 'counterexample']);
      expect(await peopleOfEvents(store)).toEqual([null, 'Ana']);
      expect(await store.tracks.recordKnown(track('t'), ana, [sighting()])).toBe(false);
      await expect(store.tracks.reject('t', 'nobody')).rejects.toMatchObject({ code: 'PERSON_NOT_FOUND' });
    });

    it('takes photos back that the track had become by being named', async () => {
      const store = await place.open();
      const { id } = await recordUnknown(store, track('t'), null, [sighting(0.5), sighting(0.6)]);
      await store.tracks.name(id, 'Ana');
      await store.tracks.reject('t', id);
      expect(await rolesOf(store, 'Ana')).toEqual(['counterexample', 'counterexample']);
      expect(await store.people.faces(id)).toEqual([]);
    });

    it('takes a track away from a person without a name, who goes with the last', async () => {
      const store = await place.open();
      const { id } = await recordUnknown(store, track('a'));
      await recordUnknown(store, track('b'), id);
      await store.tracks.reject('b', id);
      expect(await store.tracks.unknownPeople()).toMatchObject([{ id, seen: 1 }]);
      expect((await unknownEntries(store)).map(({ role }) => role)).toEqual(['sighting', 'counterexample']);
      await store.tracks.reject('a', id);
      expect(await store.tracks.unknownPeople()).toEqual([]);
    });
  });

  describe('a track that turns out to be somebody else', () => {
    it('leaves the person without a name, who goes when there was no other', async () => {
      const store = await place.open();
      const ana = await enrol(store, 'Ana');
      await store.events.append([event(1, { trackKey: 't' })]);
      await recordUnknown(store, track('t'));
      expect(await store.tracks.recordKnown(track('t'), ana, [])).toBe(true);
      expect(await store.tracks.unknownPeople()).toEqual([]);
      expect(await peopleOfEvents(store)).toEqual(['Ana']);
      expect(await store.tracks.recordKnown(track('u'), 'nobody', [sighting()])).toBe(false);
    });
  });

  describe('erasing a person', () => {
    it('leaves no crop of their tracks, not even as a counterexample of another', async () => {
      const store = await place.open();
      const [ana, ben] = [await enrol(store, 'Ana'), await enrol(store, 'Ben')];
      await store.tracks.recordKnown(track('t'), ben, [sighting()]);
      await store.tracks.reject('t', ben);
      await store.tracks.recordKnown(track('t'), ana, [sighting()]);
      expect(await rolesOf(store, 'Ben')).toEqual(['example', 'counterexample']);
      await store.people.removePerson(ana);
      expect(await rolesOf(store, 'Ben')).toEqual(['example']);
      expect(await store.embeddings.countWithout({ id: 'other', version: '1' })).toBe(1);
    });

    it('is not what becomes of what was learnt from somebody who is only forgotten', async () => {
      const store = await place.open();
      const ben = await enrol(store, 'Ben');
      await store.tracks.recordKnown(track('t'), ben, [sighting()]);
      await store.tracks.reject('t', ben);
      const { id } = await recordUnknown(store, track('t'));
      await store.tracks.dismiss(id);
      expect(await rolesOf(store, 'Ben')).toEqual(['example', 'counterexample']);
      await expect(store.tracks.dismiss(ben)).rejects.toMatchObject({ code: 'UNKNOWN_PERSON_NOT_FOUND' });
    });
  });

  describe('the snapshot of a track', () => {
    it('is the best one, until the track turns out to be somebody else', async () => {
      const store = await place.open();
      const { tracks } = store;
      const ana = await enrol(store, 'Ana');
      const change = { track: track('t'), personId: null, add: [sighting()], remove: [], limit: 9 };
      await tracks.recordUnknown(
        { ...change, snapshot: snapshot(0.5) },
        await store.revision('unknownPeople'),
      );
      expect(await tracks.snapshot('t')).toEqual(snapshot(0.5));
      await tracks.recordKnown(track('t'), ana, [], snapshot(0.4));
      expect(await tracks.snapshot('t')).toEqual(snapshot(0.4));
      for (const quality of [0.7, 0.6]) await tracks.recordKnown(track('t'), ana, [], snapshot(quality));
      expect(await tracks.snapshot('t')).toEqual(snapshot(0.7));
      expect(await tracks.snapshot('u')).toBeUndefined();
    });

    it('stays when somebody says that it is not this person, and when people become one', async () => {
      const store = await place.open();
      const { tracks } = store;
      const [ana, anna] = [await enrol(store, 'Ana'), await enrol(store, 'Anna')];
      await tracks.recordKnown(track('t'), ana, [sighting()], snapshot());
      await tracks.recordKnown(track('u'), ana, [sighting()], snapshot());
      await tracks.reject('u', ana);
      await store.people.merge(ana, anna);
      expect([await tracks.snapshot('t'), await tracks.snapshot('u')]).toEqual([snapshot(), snapshot()]);
      await store.people.removePerson(anna);
      expect([await tracks.snapshot('t'), await tracks.snapshot('u')]).toEqual([undefined, snapshot()]);
    });

    it('goes with a stranger who is dismissed, and when its time is over, whosever it is', async () => {
      const store = await place.open();
      const { tracks } = store;
      const ana = await enrol(store, 'Ana');
      const seen = async (key: string, seenAt: number, personId: string | null) => {
        const change = { track: track(key, seenAt), personId, add: [sighting()], remove: [], limit: 9 };
        const done = await tracks.recordUnknown(
          { ...change, snapshot: snapshot() },
          await store.revision('unknownPeople'),
        );
        return done!.person.id;
      };
      await tracks.dismiss(await seen('dismissed', 9000, null));
      const stays = await seen('early', 1000, null);
      await seen('late', 9000, stays);
      await tracks.recordKnown(track('known', 1000), ana, [sighting()], snapshot());
      await tracks.recordKnown(track('rejected', 1000), ana, [sighting()], snapshot());
      await tracks.reject('rejected', ana);
      await tracks.prune({ eventsBefore: 5000, unknownBefore: 5000 });
      const left = [];
      for (const key of ['dismissed', 'early', 'late', 'known', 'rejected'])
        if (await tracks.snapshot(key)) left.push(key);
      expect(left).toEqual(['late']);
      expect(await tracks.unknownPerson(2)).toMatchObject({ seen: 2 });
    });
  });

  describe('prune', () => {
    it('deletes what is too old and nothing else', async () => {
      const store = await place.open();
      const ana = await enrol(store, 'Ana');
      await store.tracks.recordKnown(track('old', 1000), ana, [sighting()]);
      await store.tracks.recordKnown(track('new', 9000), ana, [sighting()]);
      const gone = await recordUnknown(store, track('gone', 2000));
      const stays = await recordUnknown(store, track('stays', 1000));
      await recordUnknown(store, track('again', 7000), stays.id);
      await store.events.append([event(1), event(2, { trackKey: 'gone' }), event(6), event(9)]);
      await store.tracks.prune({ eventsBefore: 6000, unknownBefore: 5000 });
      expect(await store.tracks.unknownPeople()).toMatchObject([{ id: stays.id, seen: 2 }]);
      expect((await unknownEntries(store)).map(({ personId }) => personId)).toEqual([stays.id, stays.id]);
      expect(await peopleOfEvents(store)).toHaveLength(2);
      expect(await store.tracks.reject('old', ana)).toBe(0);
      expect(await store.tracks.reject('new', ana)).toBe(1);
      expect(gone.number).toBe(1);
      expect(await store.people.faces(ana)).toHaveLength(1);
    });

    it('works through much of it', async () => {
      const store = await place.open();
      await store.events.append(Array.from({ length: 1000 }, (_, number) => event(number)));
      await store.tracks.prune({ eventsBefore: 900_000, unknownBefore: 0 });
      expect(await peopleOfEvents(store)).toHaveLength(100);
    });
  });
}
