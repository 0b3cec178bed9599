import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Playback } from '../../../src/ingest/next-step.js';
import { OnDemandDecoder } from '../../../src/ingest/on-demand-decoder.js';
import { PacketRing } from '../../../src/ingest/packet-ring.js';

const format = {
  ...{ fourcc: Buffer.from('H264'), parameters: new Uint8Array() },
  ...{ decodeDelay: 0, width: 64, height: 48 },
};
const played: Playback = { frames: 0, stalled: false, onlineMs: 0, stderr: [] };

/** A ring with a packet every 100 ms of the last three seconds; the number of each is its first byte. */
function filledRing(): PacketRing {
  const ring = new PacketRing({ keepMs: 6000, maxBytes: 1 << 20 });
  for (let number = 0; number <= 30; number++) push(ring, number);
  return ring;
}

function push(ring: PacketRing, number: number): void {
  const arrivedAt = number * 100;
  ring.push({ presentedAt: arrivedAt, isKey: number === 0, arrivedAt, data: packetData(number) });
}

const packetBytes = 1000;
const packetData = (number: number): Uint8Array => new Uint8Array(packetBytes).fill(number);

/** A decoder, and the numbers of the packets that it was fed. */
function setUp(ring: PacketRing) {
  const fed: number[] = [];
  let ended = false;
  const decoder = new OnDemandDecoder({
    ring,
    format,
    decode: (onInput, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(played));
        const input = new Writable({
          write: (chunk: Uint8Array, _, done) => {
            if (chunk.length === packetBytes) fed.push(chunk[0]!);
            done();
          },
          final: (done) => {
            ended = true;
            done();
            resolve(played);
          },
        });
        queueMicrotask(() => onInput(input));
      }),
    onFailed: () => undefined,
    onSkipped: () => undefined,
  });
  return { decoder, fed, hasEnded: () => ended };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  vi.advanceTimersByTime(3000 - performance.now());
});
afterEach(() => {
  vi.useRealTimers();
});

describe('OnDemandDecoder', () => {
  it('is fed at once what came before it was wanted, and the rest faster than it came until it is live', async () => {
    const ring = filledRing();
    const { decoder, fed } = setUp(ring);
    decoder.want(1000);
    await Promise.resolve();
    await Promise.resolve();
    expect(fed.at(-1)).toBe(10);
    await vi.advanceTimersByTimeAsync(1000);
    expect(fed.at(-1)).toBe(25);
    for (let number = 31; number <= 90; number++) {
      await vi.advanceTimersByTimeAsync(100);
      push(ring, number);
      decoder.feed();
    }
    expect(fed).toEqual(Array.from({ length: 91 }, (_, number) => number));
    await decoder.close();
  });

  it('is fed what is left after the last packet came, before its input ends', async () => {
    const { decoder, fed, hasEnded } = setUp(filledRing());
    decoder.want(1000);
    await Promise.resolve();
    await Promise.resolve();
    const finished = decoder.finish();
    expect([fed.length, hasEnded()]).toEqual([11, false]);
    await vi.advanceTimersByTimeAsync(2000);
    await finished;
    expect([fed.length, hasEnded()]).toEqual([31, true]);
  });
});
