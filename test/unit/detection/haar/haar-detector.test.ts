import { describe, expect, it } from 'vitest';
import { inSlices } from '../../../../src/detection/haar/haar-detector.js';

describe('inSlices', () => {
  it('lets others have the event loop before the work is done', async () => {
    let othersHadATurn = false;
    setImmediate(() => (othersHadATurn = true));
    const givesUpAt = Date.now() + 10_000;
    function* work(): Generator<void, string> {
      while (!othersHadATurn) {
        if (Date.now() > givesUpAt) return 'nobody else had a turn';
        yield;
      }
      return 'done';
    }
    await expect(inSlices(work())).resolves.toBe('done');
  });

  it('passes on what goes wrong', async () => {
    function* work(): Generator<void, void> {
      yield;
      throw new RangeError('out of memory');
    }
    await expect(inSlices(work())).rejects.toThrow('out of memory');
  });
});
