import { describe, expect, it } from 'vitest';
import { revisionTopics, type RevisionTopic, type Storage } from '../../../../src/core/storage.js';
import type { SiameseHead } from '../../../../src/core/heads.js';
import { event, face, model, recordUnknown, track } from '../made-up.js';
import type { TestData } from './test-data.js';

/** A change of each topic, and what somebody who keeps it in memory reads. */
const topics: Record<
  RevisionTopic,
  {
    readonly change: (storage: Storage, step: number) => Promise<unknown>;
    readonly read: (storage: Storage) => Promise<unknown>;
  }
> = {
  people: {
    change: ({ people }, step) => people.addFace(`Person ${step}`, face(step)),
    read: async ({ people }) => all(people.entries(model)),
  },
  unknownPeople: {
    change: (storage, step) => recordUnknown(storage, track(`track ${step}`)),
    read: async ({ tracks }) => all(tracks.unknownEntries(model)),
  },
  cameras: {
    change: ({ cameras }, step) => cameras.save({ id: `camera ${step}`, entry: step }),
    read: ({ cameras }) => cameras.list(),
  },
  settings: {
    change: ({ settings }, step) => settings.save('recognition', { step }),
    read: ({ settings }) => settings.load('recognition'),
  },
  heads: {
    change: ({ heads }, step) => heads.save(headTrainedAt(step), null),
    read: ({ heads }) => heads.load('siamese'),
  },
  events: {
    change: ({ events }, step) => events.append([event(step)]),
    read: ({ events }) => events.query({ order: 'oldest first', limit: 100 }),
  },
};

/** Somebody who lives long, keeps a topic in memory and reads it again when its revision is another one. */
class Reader {
  readonly #storage: Storage;
  readonly #topic: RevisionTopic;
  #revision = -1;
  known: unknown;
  reads = 0;

  constructor(storage: Storage, topic: RevisionTopic) {
    this.#storage = storage;
    this.#topic = topic;
  }

  async follow(): Promise<void> {
    const revision = await this.#storage.revision(this.#topic);
    if (revision === this.#revision) return;
    this.known = await topics[this.#topic].read(this.#storage);
    this.#revision = revision;
    this.reads++;
  }
}

async function all<T>(portions: AsyncIterable<readonly T[]>): Promise<T[]> {
  const entries: T[] = [];
  for await (const portion of portions) entries.push(...portion);
  return entries;
}

function headTrainedAt(trainedAt: number): SiameseHead {
  const weights = { distance: 1, differences: [0] };
  return { kind: 'siamese', model, dimension: 1, trainedAt, weights, confidence: { midpoint: 1, slope: 1 } };
}

/** How changes made elsewhere are seen. */
export function describeRevisions(place: TestData): void {
  describe('revisions', () => {
    it.each(revisionTopics)(
      'of %s tell two long-lived readers of every change, on one storage and on two',
      async (topic) => {
        const [one, other] = [await place.open(), await place.open()];
        const readers = [one, one, other, other].map((storage) => new Reader(storage, topic));
        const follow = () => Promise.all(readers.map((reader) => reader.follow()));
        await follow();
        for (const [step, storage] of [one, other, one].entries()) {
          await topics[topic].change(storage, step + 1);
          await follow();
          const now = await topics[topic].read(one);
          expect(readers.map(({ known }) => known)).toEqual(readers.map(() => now));
        }
        await follow();
        expect(readers.map(({ reads }) => reads)).toEqual([4, 4, 4, 4]);
      },
    );

    it('of a topic stay when another topic changes, and when nothing does', async () => {
      const storage = await place.open();
      const { person } = await storage.people.addFace('Ana', face(1));
      await storage.people.addFace('Ben', face(2));
      const revisions = () => Promise.all(revisionTopics.map((topic) => storage.revision(topic)));
      const before = await revisions();
      await storage.people.addFace('Ana', face(1));
      await expect(storage.people.rename(person.id, 'Ben')).rejects.toMatchObject({
        code: 'PERSON_NAME_TAKEN',
      });
      await storage.events.append([]);
      expect(await storage.cameras.remove('nowhere')).toBe(false);
      expect(await storage.heads.remove('siamese')).toBe(false);
      expect(await revisions()).toEqual(before);
      await storage.settings.save('recognition', {});
      const after = await revisions();
      const changed = revisionTopics.filter((_, index) => after[index] !== before[index]);
      expect(changed).toEqual(['settings']);
    });

    it('grow when somebody is erased, renamed, merged, named, rejected or dismissed', async () => {
      const storage = await place.open();
      const { person: ana } = await storage.people.addFace('Ana', face(1));
      const { person: ben, face: photo } = await storage.people.addFace('Ben', face(2));
      const [first, second] = [
        await recordUnknown(storage, track('a')),
        await recordUnknown(storage, track('b')),
      ];
      const changes: [RevisionTopic, () => Promise<unknown>][] = [
        ['people', () => storage.people.rename(ana.id, 'Anna')],
        ['people', () => storage.people.removeFace(photo.id)],
        ['people', () => storage.people.merge(ana.id, ben.id)],
        ['people', () => storage.tracks.name(first.id, 'Cem')],
        ['people', () => storage.tracks.reject('a', first.id)],
        ['people', () => storage.people.removePerson(ben.id)],
        ['unknownPeople', () => storage.tracks.dismiss(second.id)],
      ];
      for (const [topic, change] of changes) {
        const before = await storage.revision(topic);
        await change();
        expect(await storage.revision(topic)).toBeGreaterThan(before);
      }
    });

    it('that an erasure makes are those between before and after it', async () => {
      const storage = await place.open();
      const { person } = await storage.people.addFace('Ana', face(0));
      for (let number = 1; number < 50; number++) await storage.people.addFace('Ana', face(number));
      const before = await storage.revision('people');
      let made: readonly number[] = [];
      await storage.people.removePerson(person.id, (revisions) => (made = revisions));
      const after = await storage.revision('people');
      expect(made).toEqual(Array.from({ length: after - before }, (_, index) => before + 1 + index));
    });
  });
}
