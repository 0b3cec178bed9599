import { describe, expect, it } from 'vitest';
import { FramePool } from '../../../src/ingest/frame-pool.js';

const times = { capturedAt: 0, capturedMonotonic: 0, presentedAt: 0 };
const fields = { cameraId: 'door', sequence: 1, ...times, width: 2, height: 1, matrix: 'bt709' } as const;

function take(pool: FramePool, byteLength: number): Uint8Array {
  const buffer = pool.acquire(byteLength);
  if (!buffer) throw new Error('Expected a free buffer.');
  return buffer;
}

describe('FramePool', () => {
  it('uses a released buffer again, and no more buffers than it may', () => {
    const pool = new FramePool(2);
    const first = take(pool, 6);
    const frame = pool.frame(fields, first);
    take(pool, 6);
    expect(pool.acquire(6)).toBeUndefined();
    frame.release();
    expect(pool.acquire(6)).toBe(first);
  });

  it('gives a buffer back once, however often the frame is released', () => {
    const pool = new FramePool(1);
    const frame = pool.frame(fields, take(pool, 6));
    frame.release();
    frame.release();
    expect(pool.inUse).toBe(0);
    take(pool, 6);
    frame.release();
    expect(pool.inUse).toBe(1);
  });

  it('keeps the pixels until the last owner lets go', () => {
    const pool = new FramePool(1);
    const frame = pool.frame(fields, take(pool, 6));
    frame.retain();
    frame.release();
    expect(pool.acquire(6)).toBeUndefined();
    frame.release();
    expect(pool.acquire(6)).toBeDefined();
    expect(() => frame.retain()).toThrow('released');
  });

  it('forgets its buffers when told to, also those in use', () => {
    const pool = new FramePool(2);
    const [first, second] = [take(pool, 6), take(pool, 6)];
    pool.giveBack(first);
    pool.clear();
    pool.giveBack(second);
    expect(pool.inUse).toBe(0);
    expect([take(pool, 6), take(pool, 6)].some((buffer) => buffer === first || buffer === second)).toBe(
      false,
    );
  });

  it('counts buffers of an older size until they are released, and then forgets them', () => {
    const pool = new FramePool(2);
    const old = pool.frame(fields, take(pool, 6));
    take(pool, 12);
    expect(pool.acquire(12)).toBeUndefined();
    old.release();
    expect(take(pool, 12)).toHaveLength(12);
  });
});
