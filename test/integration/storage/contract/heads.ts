import { describe, expect, it } from 'vitest';
import { headKinds } from '../../../../src/core/heads.js';
import { madeUpHead } from '../made-up-heads.js';
import type { TestData } from './test-data.js';

/** Trained heads. */
export function describeHeads(place: TestData): void {
  describe('heads', () => {
    it.each(headKinds)('are given back as they were trained: a %s', async (kind) => {
      const store = await place.open();
      const { head, network } = madeUpHead(kind);
      expect([await store.heads.load(kind), await store.heads.has(kind)]).toEqual([null, false]);
      await store.heads.save(head, network);
      await store.close();
      const { heads } = await place.open();
      expect([await heads.load(kind), await heads.has(kind)]).toEqual([head, true]);
      expect(await heads.projection()).toEqual(kind === 'projection' ? { head, network } : null);
    });

    it('take the place of the one before', async () => {
      const { heads } = await place.open();
      const [first, second] = [madeUpHead('projection', 1), madeUpHead('projection', 2)];
      await heads.save(first.head, first.network);
      await heads.save(second.head, second.network);
      expect(await heads.projection()).toEqual(second);
    });

    it('are switched off, once', async () => {
      const { heads } = await place.open();
      const { head, network } = madeUpHead('projection');
      await heads.save(head, network);
      expect(await heads.remove('projection')).toBe(true);
      expect([await heads.load('projection'), await heads.has('projection')]).toEqual([null, false]);
      expect(await heads.remove('projection')).toBe(false);
    });

    it('are refused when a projection has no network, or that of another training', async () => {
      const { heads } = await place.open();
      const { head } = madeUpHead('projection', 1);
      await heads.save(head, null);
      await expect(heads.load('projection')).rejects.toMatchObject({ code: 'HEAD_CORRUPT' });
      await heads.save(head, madeUpHead('projection', 2).network);
      await expect(heads.projection()).rejects.toThrow(/of another training/);
      expect(await heads.has('projection')).toBe(true);
      expect(await heads.remove('projection')).toBe(true);
      expect(await heads.load('projection')).toBeNull();
    });
  });
}
