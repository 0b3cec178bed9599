import { describe, expect, it } from 'vitest';
import type { TestData } from './test-data.js';

/** Cameras, settings and tokens. */
export function describeSettings(place: TestData): void {
  describe('what was changed about cameras', () => {
    it('is kept by id, over a restart', async () => {
      const first = await place.open();
      expect(await first.cameras.list()).toEqual([]);
      await first.cameras.save({ id: 'yard', entry: null });
      await first.cameras.save({ id: 'door', entry: { url: 'rtsp://ü', list: [1, { deep: null }] } });
      await first.cameras.save({ id: 'yard', entry: { fps: 5 } });
      await first.close();
      const store = await place.open();
      expect(await store.cameras.list()).toEqual([
        { id: 'door', entry: { url: 'rtsp://ü', list: [1, { deep: null }] } },
        { id: 'yard', entry: { fps: 5 } },
      ]);
      expect(await store.cameras.remove('door')).toBe(true);
      expect(await store.cameras.remove('door')).toBe(false);
      expect((await store.cameras.list()).map(({ id }) => id)).toEqual(['yard']);
    });

    it('of one camera does not undo what another program changed about another', async () => {
      const [one, other] = [await place.open(), await place.open()];
      await Promise.all([
        one.cameras.save({ id: 'door', entry: 1 }),
        other.cameras.save({ id: 'yard', entry: 2 }),
      ]);
      expect(await one.cameras.list()).toEqual([
        { id: 'door', entry: 1 },
        { id: 'yard', entry: 2 },
      ]);
    });
  });

  describe('settings', () => {
    it('are kept by group, over a restart', async () => {
      const first = await place.open();
      expect(await first.settings.load('recognition')).toBeUndefined();
      await first.settings.save('recognition', { threshold: 0.5 });
      await first.settings.save('other', null);
      await first.settings.save('recognition', { threshold: null });
      await first.close();
      const store = await place.open();
      expect(await store.settings.load('recognition')).toEqual({ threshold: null });
      expect(await store.settings.load('other')).toBeNull();
    });
  });

  describe('a token', () => {
    it('is the first that was kept under its name, whoever comes later', async () => {
      const [one, other] = [await place.open(), await place.open()];
      const kept = await Promise.all([
        one.tokens.keep('owner', 'first'),
        other.tokens.keep('owner', 'second'),
      ]);
      expect(kept[0]).toBe(kept[1]);
      await one.close();
      const store = await place.open();
      expect(await store.tokens.keep('owner', 'third')).toBe(kept[0]);
      expect(await store.tokens.keep('guest', 'third')).toBe('third');
    });
  });
}
