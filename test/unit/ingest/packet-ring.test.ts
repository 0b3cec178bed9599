import { describe, expect, it } from 'vitest';
import { PacketRing, type RingLimits } from '../../../src/ingest/packet-ring.js';

/** A ring with a packet of 100 bytes every 100 ms, those of the given numbers being key frames. */
function ringOf(packets: number, keys: readonly number[], limits: Partial<RingLimits> = {}): PacketRing {
  const ring = new PacketRing({ keepMs: 1000, maxBytes: 1e6, ...limits });
  for (let number = 0; number < packets; number++) {
    const at = number * 100;
    ring.push({ presentedAt: at, arrivedAt: at, isKey: keys.includes(number), data: new Uint8Array(100) });
  }
  return ring;
}

describe('PacketRing', () => {
  it('finds the key frame from which a moment can be decoded, or else the oldest', () => {
    const ring = ringOf(10, [2, 5, 8]);
    expect([ring.keyBefore(799), ring.keyBefore(800), ring.keyBefore(0)]).toEqual([5, 8, 2]);
    expect([ring.newestKey, ringOf(3, []).newestKey]).toEqual([8, undefined]);
  });

  it('keeps what came in the last second, and the key frame before', () => {
    const ring = ringOf(31, [0, 10, 20, 30]);
    expect([ring.first, ring.at(19), ring.at(20)?.presentedAt, ring.byteLength]).toEqual([
      20,
      undefined,
      2000,
      1100,
    ]);
    expect(ringOf(30, [0, 10, 20]).first).toBe(10);
  });

  it('keeps an interval between key frames that is longer than that', () => {
    const ring = ringOf(200, [0]);
    expect([ring.first, ring.newestKey, ring.byteLength]).toEqual([0, 0, 20_000]);
  });

  it('never keeps more bytes than it may: what can be decoded goes last', () => {
    const between = ringOf(12, [0, 5], { maxBytes: 1000 });
    expect([between.first, between.newestKey, between.byteLength]).toEqual([5, 5, 700]);
    // Without another key frame the newest packets remain, for a decoder that is at work.
    const beyond = ringOf(30, [0], { maxBytes: 1000 });
    expect([beyond.first, beyond.newestKey, beyond.byteLength]).toEqual([20, undefined, 1000]);
    expect(ringOf(3, [0, 1, 2], { maxBytes: 50 }).byteLength).toBe(0);
  });

  it('knows no packet that has not come', () => {
    expect(ringOf(3, [0]).at(3)).toBeUndefined();
  });
});
