import { describe, expect, it } from 'vitest';
import type { NewSetAside } from '../../../../src/core/people-store.js';
import type { Storage } from '../../../../src/core/storage.js';
import { face, model } from '../made-up.js';
import type { TestData } from './test-data.js';

const aside = (faceId: string, otherId: string | null = null): NewSetAside => ({
  ...{ faceId, otherId, reason: 'looks-like-other', ownDistance: 1.3 },
  otherDistance: otherId === null ? null : 0.6,
});

async function entryIds(store: Storage): Promise<string[]> {
  const ids: string[] = [];
  for await (const portion of store.people.entries(model)) ids.push(...portion.map(({ faceId }) => faceId));
  return ids;
}

async function anaAndBen(store: Storage) {
  const { person: ana, face: wrong } = await store.people.addFace('Ana', face(1));
  const { face: right } = await store.people.addFace('Ana', face(2));
  const { person: ben } = await store.people.addFace('Ben', face(3));
  return { ana, ben, wrong, right };
}

/** Photos that are set aside, and people who look alike. */
export function describeHealing(place: TestData): void {
  describe('photos that are set aside', () => {
    it('are listed with the reason, and are no entries, over a restart', async () => {
      const first = await place.open();
      const { ana, ben, wrong } = await anaAndBen(first);
      const before = await first.revision('people');
      expect(await first.people.setAside([aside(wrong.id, ben.id)])).toEqual([wrong.id]);
      expect(await first.revision('people')).toBeGreaterThan(before);
      await first.close();
      const store = await place.open();
      expect(await store.people.person(ana.id)).toMatchObject({ faces: 2, setAside: 1 });
      expect((await store.people.faces(ana.id)).map(({ setAside }) => setAside)).toEqual([
        {
          ...{ reason: 'looks-like-other', ownDistance: 1.3, otherDistance: 0.6, other: ben },
          at: expect.any(Number) as number,
        },
        null,
      ]);
      expect(await entryIds(store)).not.toContain(wrong.id);
      expect(await store.embeddings.crop(wrong.id)).toEqual(face(1).crop);
    });

    it('count again when they are restored, and are not set aside again', async () => {
      const store = await place.open();
      const { wrong } = await anaAndBen(store);
      await store.people.setAside([aside(wrong.id)]);
      expect(await store.people.restore(wrong.id)).toBe(true);
      expect(await entryIds(store)).toContain(wrong.id);
      expect(await store.people.face(wrong.id)).toMatchObject({ setAside: null, isConfirmed: true });
      const before = await store.revision('people');
      expect(await store.people.setAside([aside(wrong.id), aside('nobody')])).toEqual([]);
      expect(await store.revision('people')).toBe(before);
      expect(await store.people.restore('nobody')).toBe(false);
    });

    it('keep no name of somebody who was erased', async () => {
      const store = await place.open();
      const { ben, wrong } = await anaAndBen(store);
      await store.people.setAside([aside(wrong.id, ben.id)]);
      await store.people.removePerson(ben.id);
      expect((await store.people.face(wrong.id))?.setAside).toMatchObject({
        other: null,
        otherDistance: 0.6,
      });
    });

    it('count again when their person is merged with another, whom they may fit', async () => {
      const store = await place.open();
      const { ana, ben, wrong } = await anaAndBen(store);
      await store.people.setAside([aside(wrong.id, ben.id)]);
      await store.people.merge(ben.id, ana.id);
      expect(await entryIds(store)).toContain(wrong.id);
      expect(await store.people.person(ana.id)).toMatchObject({ faces: 3, setAside: 0 });
    });
  });

  describe('look-alikes', () => {
    const pair = (first: { id: string }, second: { id: string }, threshold = 0.85) => ({
      ...{ personIds: [first.id, second.id] as const, distance: threshold + 0.001, threshold },
    });

    it('are replaced, and told where they are new or have changed', async () => {
      const store = await place.open();
      const { ana, ben } = await anaAndBen(store);
      const [found] = await store.people.saveLookAlikes(model, [pair(ben, ana)]);
      expect(found).toMatchObject({ threshold: 0.85, isRevoked: false });
      expect(new Set(found!.people.map(({ name }) => name))).toEqual(new Set(['Ana', 'Ben']));
      const before = await store.revision('people');
      expect(await store.people.saveLookAlikes(model, [pair(ana, ben)])).toEqual([]);
      expect(await store.revision('people')).toBe(before);
      expect(await store.people.saveLookAlikes(model, [pair(ana, ben, 0.82)])).toHaveLength(1);
      expect(await store.people.lookAlikes({ ...model, version: '2' })).toEqual([]);
      expect(await store.people.saveLookAlikes(model, [])).toEqual([]);
      expect(await store.people.lookAlikes(model)).toEqual([]);
      expect(await store.revision('people')).toBeGreaterThan(before);
    });

    it('stay revoked until somebody gives the effect back, and go with either person', async () => {
      const store = await place.open();
      const { ana, ben } = await anaAndBen(store);
      await store.people.saveLookAlikes(model, [pair(ana, ben)]);
      expect(await store.people.revokeLookAlikes([ben.id, ana.id], true)).toBe(true);
      expect(await store.people.saveLookAlikes(model, [pair(ana, ben, 0.82)])).toEqual([]);
      expect(await store.people.saveLookAlikes(model, [])).toEqual([]);
      expect(await store.people.lookAlikes(model)).toMatchObject([{ threshold: 0.85, isRevoked: true }]);
      expect(await store.people.revokeLookAlikes([ana.id, ben.id], false)).toBe(true);
      expect(await store.people.lookAlikes(model)).toMatchObject([{ isRevoked: false }]);
      await store.people.removePerson(ben.id);
      expect(await store.people.lookAlikes(model)).toEqual([]);
      expect(await store.people.revokeLookAlikes([ana.id, ben.id], true)).toBe(false);
    });
  });
}
