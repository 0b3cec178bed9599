import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../src/core/image.js';
import { FrameAssembler, type StreamOptions } from '../../../src/ingest/frame-assembler.js';
import { FramePool } from '../../../src/ingest/frame-pool.js';
import { nut } from '../../helpers/nut.js';

const size = { width: 2, height: 1 };
const still = { presentedAt: 40, data: Uint8Array.from([1, 2, 3, 4]) };
const options: StreamOptions = { matrix: () => 'bt709', takenAt: () => performance.now() };

function assembler(poolSize: number, onFrame: (frame: Frame) => void, isWanted = () => true) {
  const pool = new FramePool(poolSize);
  return {
    pool,
    assembler: new FrameAssembler({ cameraId: 'door', framesBefore: 0, isWanted, pool, onFrame }),
  };
}

describe('FrameAssembler', () => {
  it('makes frames with everything that is known of them', () => {
    const held: Frame[] = [];
    const { assembler: frames, pool } = assembler(2, (frame) => held.push(frame));
    const takenAt = performance.now() - 2000;
    const before = Date.now();
    const stream = frames.stream({
      matrix: (height) => (height === 1 ? 'bt601' : 'bt709'),
      takenAt: (presentedAt) => takenAt + presentedAt,
    });
    stream.write(nut([still, { ...still, presentedAt: 80 }], size));
    const frame = { cameraId: 'door', ...size, matrix: 'bt601', data: still.data };
    expect(held).toMatchObject([
      { ...frame, sequence: 1, presentedAt: 40, capturedMonotonic: takenAt + 40 },
      { ...frame, sequence: 2, presentedAt: 80, capturedMonotonic: takenAt + 80 },
    ]);
    for (const { capturedAt } of held) {
      expect(capturedAt).toBeGreaterThan(before - 2000);
      expect(capturedAt).toBeLessThan(Date.now() - 1900);
    }
    for (const each of held) each.release();
    expect(pool.inUse).toBe(0);
  });

  it('numbers frames on over streams, and gives back the buffer of a picture that broke off', () => {
    const sequences: number[] = [];
    const { assembler: frames, pool } = assembler(1, (frame) => {
      sequences.push(frame.sequence);
      frame.release();
    });
    const first = frames.stream(options);
    first.write(nut([still, still], size).subarray(0, -1));
    expect(pool.inUse).toBe(1);
    first.end();
    expect(pool.inUse).toBe(0);
    frames.stream(options).write(nut([still], size));
    expect(sequences).toEqual([1, 2]);
  });

  it('skips and counts pictures while the pool is empty, and still tells their size', () => {
    const held: Frame[] = [];
    const sizes: unknown[] = [];
    const { assembler: frames } = assembler(2, (frame) => held.push(frame));
    const stream = frames.stream({
      ...options,
      onPicture: ({ width, height }) => sizes.push([width, height]),
    });
    const bytes = nut(new Array<typeof still>(6).fill(still), size);
    const end = nut(new Array<typeof still>(5).fill(still), size).length;
    stream.write(bytes.subarray(0, end));
    expect(held.map((frame) => frame.sequence)).toEqual([1, 2]);
    expect([frames.frames, frames.dropped, sizes.length]).toEqual([5, 3, 5]);
    held[0]?.release();
    stream.write(bytes.subarray(end));
    expect([held.at(-1)?.sequence, frames.dropped]).toEqual([6, 3]);
  });

  it('takes no memory for pictures that nobody wants, and does not miss them', () => {
    const { assembler: frames, pool } = assembler(
      1,
      () => expect.unreachable('a frame that nobody wants'),
      () => false,
    );
    const stream = frames.stream(options);
    const bytes = nut([still], size);
    stream.write(bytes.subarray(0, -1));
    expect(pool.inUse).toBe(0);
    stream.write(bytes.subarray(-1));
    expect([frames.frames, frames.dropped]).toEqual([1, 0]);
  });

  it.each([
    ['pictures of no size', { width: 0, height: 1 }, 0],
    ['pictures that are too large', { width: 99_999, height: 99_999 }, 4],
    ['more bytes than a picture has', { width: 2, height: 2 }, 7],
    ['fewer bytes than a picture has', { width: 2, height: 2 }, 5],
  ])('refuses %s as SOURCE_FAILED, before it reserves memory', async (_, wrongSize, length) => {
    const { assembler: frames, pool } = assembler(1, (frame) => frame.release());
    const stream = frames.stream(options);
    const failure = new Promise((resolve) => stream.once('error', resolve));
    stream.write(nut([{ presentedAt: 0, data: new Uint8Array(length) }], wrongSize));
    expect(await failure).toHaveProperty('code', 'SOURCE_FAILED');
    expect(pool.inUse).toBe(0);
  });

  it('takes pictures of odd sizes: their colour planes are rounded up', () => {
    const lengths: number[] = [];
    const { assembler: frames } = assembler(1, (frame) => {
      lengths.push(frame.data.length);
      frame.release();
    });
    frames
      .stream(options)
      .write(nut([{ presentedAt: 0, data: new Uint8Array(15 + 2 * 6) }], { width: 5, height: 3 }));
    expect(lengths).toEqual([27]);
  });
});
