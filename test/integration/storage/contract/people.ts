import { describe, expect, it } from 'vitest';
import type { GalleryEntry } from '../../../../src/core/people-store.js';
import type { Storage } from '../../../../src/core/storage.js';
import { face, model } from '../made-up.js';
import type { TestData } from './test-data.js';

async function allEntries(store: Storage, of = model): Promise<GalleryEntry[]> {
  const entries: GalleryEntry[] = [];
  for await (const portion of store.people.entries(of)) entries.push(...portion);
  return entries;
}

/** People, their photos and the embeddings of these. */
export function describePeople(place: TestData): void {
  describe('people and photos', () => {
    it('keeps people, photos, embeddings and crops over a restart', async () => {
      const first = await place.open();
      const { person, face: stored } = await first.people.addFace('Ana', face(1));
      await first.people.addFace('Ana', face(2));
      await first.people.addFace('李雷', face(3));
      await first.close();
      const store = await place.open();
      expect(await store.people.persons()).toMatchObject([
        { ...person, faces: 2 },
        { name: '李雷', faces: 1 },
      ]);
      expect((await store.people.faces(person.id)).map(({ photoName }) => photoName)).toEqual([
        '1.jpg',
        '2.jpg',
      ]);
      expect(await store.embeddings.crop(stored.id)).toEqual(face(1).crop);
      const [entry] = await allEntries(store);
      expect(entry).toEqual({
        faceId: stored.id,
        person,
        role: 'example',
        vector: Float32Array.of(1, 1, 2, 3),
      });
    });

    it('stores a photo of a person once', async () => {
      const store = await place.open();
      const once = await store.people.addFace('Ana', face(1));
      const twice = await store.people.addFace('Ana', face(2, { photoHash: 'hash 1' }));
      expect(once.revision).toBe(await store.revision('people'));
      expect(twice).toEqual({ ...once, revision: null });
      expect((await store.people.addFace('Ben', face(1))).revision).toBeGreaterThan(once.revision!);
      expect(await allEntries(store)).toHaveLength(2);
    });

    it('stores the floats of a vector that is part of a larger buffer', async () => {
      const store = await place.open();
      const vector = Float32Array.of(9, 9, 4, 5, 6, 7, 9).subarray(2, 6);
      await store.people.addFace('Ana', face(1, { embedding: { model, vector } }));
      expect((await allEntries(store))[0]?.vector).toEqual(Float32Array.of(4, 5, 6, 7));
    });

    it('tells the models apart', async () => {
      const store = await place.open();
      const other = { id: 'test-net', version: '2' };
      await store.people.addFace('Ana', face(1));
      await store.people.addFace(
        'Ana',
        face(2, { embedding: { model: other, vector: new Float32Array(8) } }),
      );
      expect(await allEntries(store)).toHaveLength(1);
      expect(await store.people.modelCounts(model)).toEqual([{ model: other, faces: 1 }]);
      const [first] = (await allEntries(store)).map(({ faceId }) => faceId);
      await store.embeddings.addEmbedding(first!, { model: other, vector: new Float32Array(8) });
      expect(await store.people.modelCounts(other)).toEqual([]);
    });

    it('gives many entries in portions, each once', async () => {
      const store = await place.open();
      for (let number = 0; number < 1100; number++)
        await store.people.addFace(`P${number % 7}`, face(number));
      const sizes: number[] = [];
      const seen = new Set<string>();
      for await (const portion of store.people.entries(model)) {
        sizes.push(portion.length);
        for (const { faceId } of portion) seen.add(faceId);
      }
      expect(Math.max(...sizes)).toBeLessThan(1100);
      expect(seen.size).toBe(1100);
    });

    it('removes a photo, and a person with every photo', async () => {
      const store = await place.open();
      const { person, face: stored } = await store.people.addFace('Ana', face(1));
      await store.people.addFace('Ana', face(2));
      await store.people.addFace('Ben', face(3));
      expect(await store.people.removeFace(stored.id)).toBe(await store.revision('people'));
      expect(await store.people.removeFace(stored.id)).toBeNull();
      expect(await store.embeddings.crop(stored.id)).toBeUndefined();
      expect(await store.people.removePerson(person.id)).toBe(true);
      expect(await store.people.removePerson(person.id)).toBe(false);
      expect(await store.people.faces(person.id)).toEqual([]);
      expect((await allEntries(store)).map(({ person: { name } }) => name)).toEqual(['Ben']);
    });

    it('makes people without photos, and gives photos to whom they are meant for', async () => {
      const store = await place.open();
      const ana = await store.people.addPerson('Ana');
      expect(ana).toMatchObject({ name: 'Ana', faces: 0 });
      await expect(store.people.addPerson('Ana')).rejects.toMatchObject({ code: 'PERSON_NAME_TAKEN' });
      const { person, face: photo } = await store.people.addFace({ id: ana.id }, face(1));
      expect(person).toEqual({ id: ana.id, name: 'Ana' });
      expect(await store.people.face(photo.id)).toEqual(photo);
      expect(await store.people.personNamed('Ana')).toEqual({ ...ana, faces: 1 });
      expect(await store.people.personNamed('ana')).toBeUndefined();
      await store.people.removePerson(ana.id);
      await expect(store.people.addFace({ id: ana.id }, face(2))).rejects.toMatchObject({
        code: 'PERSON_NOT_FOUND',
      });
      expect([await store.people.face(photo.id), await store.people.person(ana.id)]).toEqual([
        undefined,
        undefined,
      ]);
      expect(await store.people.persons()).toEqual([]);
    });

    it('renames a person, unless somebody has that name', async () => {
      const store = await place.open();
      const { person } = await store.people.addFace('Ana', face(1));
      await store.people.addFace('Ben', face(2));
      await store.people.rename(person.id, 'Anna');
      await store.people.rename(person.id, 'Anna');
      expect((await store.people.persons()).map(({ name }) => name)).toEqual(['Anna', 'Ben']);
      await expect(store.people.rename(person.id, 'Ben')).rejects.toMatchObject({
        code: 'PERSON_NAME_TAKEN',
      });
      await expect(store.people.rename('nobody', 'Cem')).rejects.toMatchObject({ code: 'PERSON_NOT_FOUND' });
    });

    it('merges two people; a photo of both is kept once', async () => {
      const store = await place.open();
      const { person: ana } = await store.people.addFace('Ana', face(1));
      const { person: anna } = await store.people.addFace('Anna', face(1));
      await store.people.addFace('Anna', face(2));
      await store.people.merge(anna.id, ana.id);
      expect(await store.people.persons()).toMatchObject([{ name: 'Ana', faces: 2 }]);
      await store.people.merge(ana.id, ana.id);
      expect(await allEntries(store)).toHaveLength(2);
      await expect(store.people.merge(anna.id, ana.id)).rejects.toMatchObject({ code: 'PERSON_NOT_FOUND' });
      await expect(store.people.merge(ana.id, anna.id)).rejects.toMatchObject({ code: 'PERSON_NOT_FOUND' });
    });

    it('may be closed again', async () => {
      const store = await place.open();
      await store.close();
      await expect(store.close()).resolves.toBeUndefined();
    });
  });
}
