import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../src/core/image.js';
import { FrameAssembler } from '../../../src/ingest/frame-assembler.js';
import { FramePool } from '../../../src/ingest/frame-pool.js';

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

const picture = fc
  .record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 12 }) })
  .chain(({ width, height }) =>
    fc
      .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
      .map((pixels): Picture => ({ width, height, pixels })),
  );

function ppm({ width, height, pixels }: Picture): Buffer {
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), pixels]);
}

function assembler(poolSize: number, onFrame: (frame: Frame) => void) {
  const pool = new FramePool(poolSize);
  return { pool, assembler: new FrameAssembler({ cameraId: 'door', framesBefore: 0, pool, onFrame }) };
}

const still: Picture = { width: 2, height: 1, pixels: Uint8Array.from([1, 2, 3, 4, 5, 6]) };
const ignore = () => undefined;

describe('FrameAssembler', () => {
  it('finds the same pictures however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(picture, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 40 })),
        (pictures, cuts) => {
          const received: Picture[] = [];
          const { assembler: frames, pool } = assembler(1, (frame) => {
            received.push({ width: frame.width, height: frame.height, pixels: frame.data.slice() });
            frame.release();
          });
          const stream = frames.stream(ignore);
          let rest = Buffer.concat(pictures.map(ppm));
          for (let index = 0; rest.length > 0; index += 1) {
            const size = cuts[index % cuts.length] ?? rest.length;
            stream.write(rest.subarray(0, size));
            rest = rest.subarray(size);
          }
          expect(received).toEqual(pictures);
          expect(pool.inUse).toBe(0);
        },
      ),
    );
  });

  it('numbers frames on over streams, and gives back the buffer of a picture that broke off', () => {
    const sequences: number[] = [];
    const { assembler: frames, pool } = assembler(1, (frame) => {
      sequences.push(frame.sequence);
      frame.release();
    });
    const first = frames.stream(ignore);
    first.write(ppm(still));
    first.write(ppm(still).subarray(0, 13));
    expect(pool.inUse).toBe(1);
    first.end();
    expect(pool.inUse).toBe(0);
    frames.stream(ignore).write(ppm(still));
    expect(sequences).toEqual([1, 2]);
  });

  it('skips and counts pictures while the pool is empty, and still tells their size', () => {
    const held: Frame[] = [];
    const sizes: unknown[] = [];
    const { assembler: frames } = assembler(2, (frame) => held.push(frame));
    const stream = frames.stream(({ width, height }) => sizes.push([width, height]));
    for (let index = 0; index < 5; index += 1) stream.write(ppm(still));
    expect(held.map((frame) => frame.sequence)).toEqual([1, 2]);
    expect([frames.frames, frames.dropped, sizes.length]).toEqual([5, 3, 5]);
    held[0]?.release();
    stream.write(ppm(still));
    expect(held.at(-1)?.sequence).toBe(6);
    expect(frames.dropped).toBe(3);
  });

  it.each([
    'P5\n2 1\n255\n',
    'P6\n0 1\n255\n',
    'P6\n99999 99999\n255\n',
    'P6\n2 1\n65535\n',
    'x'.repeat(100),
  ])('refuses %j as SOURCE_FAILED', async (bytes) => {
    const { assembler: frames } = assembler(1, ignore);
    const stream = frames.stream(ignore);
    const failure = new Promise((resolve) => stream.once('error', resolve));
    stream.write(bytes);
    expect(await failure).toHaveProperty('code', 'SOURCE_FAILED');
  });
});
