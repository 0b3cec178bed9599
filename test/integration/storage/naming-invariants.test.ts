import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Storage } from '../../../src/core/storage.js';
import { openStorage } from '../../../src/storage/open-storage.js';
import { event, model, recordUnknown, sighting, track } from './made-up.js';

const names = ['Ana', 'Ben', 'Cem'];
const pick = fc.nat({ max: 20 });
type Action = readonly [
  kind: 'stranger' | 'known' | 'name' | 'merge' | 'rename' | 'dismiss' | 'reject' | 'erase',
  which: number,
  other: number,
];
const action: fc.Arbitrary<Action> = fc.tuple(
  fc.constantFrom('stranger', 'stranger', 'known', 'name', 'merge', 'rename', 'dismiss', 'reject', 'erase'),
  pick,
  pick,
);

const refused = ['PERSON_NAME_TAKEN'];

/** Does what an action says, to whoever is there. */
async function perform(store: Storage, [kind, which, other]: Action, step: number): Promise<void> {
  const unknown = await store.tracks.unknownPeople();
  const known = await store.people.persons();
  const everybody = [...unknown, ...known];
  const one = <T>(list: readonly T[], index: number): T | undefined => list[index % list.length];
  const ref = track(`t${which % 6}`, step);
  const [someone, somebodyElse] = [one(everybody, which), one(everybody, other)];
  const stranger = one(unknown, which);
  if (kind === 'stranger') await recordUnknown(store, ref, one([...unknown, null], other)?.id ?? null);
  if (kind === 'known' && known.length > 0)
    await store.tracks.recordKnown(ref, one(known, other)!.id, [sighting()]);
  if (kind === 'name' && stranger) await store.tracks.name(stranger.id, one(names, other)!);
  if (kind === 'merge' && someone && somebodyElse) await store.people.merge(someone.id, somebodyElse.id);
  if (kind === 'rename' && known.length > 0)
    await store.people.rename(one(known, which)!.id, one(names, other)!);
  if (kind === 'dismiss' && stranger) await store.tracks.dismiss(stranger.id);
  if (kind === 'reject' && somebodyElse) await store.tracks.reject(ref.key, somebodyElse.id);
  if (kind === 'erase' && someone) await store.people.removePerson(someone.id);
  const personId = one(await store.people.persons(), other)?.id ?? null;
  await store.events.append([event(step, { trackKey: ref.key, personId })]);
}

async function check(store: Storage, numbers: Map<number, string>): Promise<void> {
  const unknown = await store.tracks.unknownPeople();
  const known = await store.people.persons();
  const ids = new Set([...unknown, ...known].map(({ id }) => id));
  // A name is one person's, and a number was never another's.
  expect(new Set(known.map(({ name }) => name)).size).toBe(known.length);
  for (const { id, number } of unknown) expect(numbers.get(number) ?? id).toBe(id);
  for (const { id, number } of unknown) numbers.set(number, id);
  // Events tell of people who are there, under the names that they have now.
  const events = await store.events.query({ order: 'oldest first', limit: 1000 });
  for (const { person } of events) {
    if (person) expect(ids).toContain(person.id);
    if (person) expect(known.find(({ id }) => id === person.id)?.name ?? null).toBe(person.name);
  }
  // Recognition learns of named people only, and clustering of the others.
  const named = new Set(known.map(({ id }) => id));
  for await (const portion of store.people.entries(model))
    for (const { person } of portion) expect(named).toContain(person.id);
  for await (const portion of store.tracks.unknownEntries(model))
    for (const { personId } of portion) expect(unknown.map(({ id }) => id)).toContain(personId);
}

describe('whatever people are called', () => {
  it('every event, face and number stays with the right person', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 30 }), async (actions) => {
        const folder = mkdtempSync(join(tmpdir(), 'sightline-naming-'));
        const store = await openStorage({ data: folder });
        const numbers = new Map<number, string>();
        try {
          for (const [step, each] of actions.entries()) {
            await perform(store, each, step).catch((error: { code?: string }) => {
              if (!refused.includes(error.code ?? '')) throw error;
            });
            await check(store, numbers);
          }
        } finally {
          await store.close();
          rmSync(folder, { recursive: true });
        }
      }),
      { numRuns: 40 },
    );
  });
});
