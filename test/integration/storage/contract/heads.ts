import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/training/random.js';
import { trainHead } from '../../../../src/training/train-head.js';
import { inputOf, twins } from '../../../unit/training/made-up.js';
import type { TestData } from './test-data.js';

const photos = twins(1, 5, 4, seededRandom(1));

/** Trained heads. */
export function describeHeads(place: TestData): void {
  describe('heads', () => {
    it.each(['siamese', 'projection', 'classifier'] as const)(
      'are given back as they were trained: a %s',
      async (kind) => {
        const store = await place.open();
        const { head, network } = trainHead(kind, inputOf(photos));
        expect([await store.heads.load(kind), await store.heads.has(kind)]).toEqual([null, false]);
        await store.heads.save(head, network);
        await store.close();
        const { heads } = await place.open();
        expect([await heads.load(kind), await heads.has(kind)]).toEqual([head, true]);
        expect(await heads.projection()).toEqual(
          kind === 'projection' ? { head, network: new Uint8Array(network!) } : null,
        );
      },
    );

    it('take the place of the one before', async () => {
      const { heads } = await place.open();
      const [first, second] = [1, 2].map((seed) =>
        trainHead('projection', inputOf(twins(1, 5, 4, seededRandom(seed)))),
      ) as [ReturnType<typeof trainHead>, ReturnType<typeof trainHead>];
      await heads.save(first.head, first.network);
      await heads.save(second.head, second.network);
      expect(await heads.projection()).toEqual({
        head: second.head,
        network: new Uint8Array(second.network!),
      });
    });

    it('are switched off, once', async () => {
      const { heads } = await place.open();
      const { head, network } = trainHead('projection', inputOf(photos));
      await heads.save(head, network);
      expect(await heads.remove('projection')).toBe(true);
      expect([await heads.load('projection'), await heads.has('projection')]).toEqual([null, false]);
      expect(await heads.remove('projection')).toBe(false);
    });

    it('are refused when a projection has no network, or that of another training', async () => {
      const { heads } = await place.open();
      const { head, network } = trainHead('projection', inputOf(photos));
      await heads.save(head, null);
      await expect(heads.load('projection')).rejects.toMatchObject({ code: 'HEAD_CORRUPT' });
      await heads.save(head, network!.subarray(1));
      await expect(heads.projection()).rejects.toThrow(/of another training/);
      expect(await heads.has('projection')).toBe(true);
      expect(await heads.remove('projection')).toBe(true);
      expect(await heads.load('projection')).toBeNull();
    });
  });
}
