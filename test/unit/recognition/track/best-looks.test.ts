import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { euclideanDistance, l2Normalise } from '../../../../src/core/distance.js';
import { fuse, mostLooks, withLook, type Counted } from '../../../../src/recognition/track/best-looks.js';

const at = (angle: number): Float32Array => Float32Array.of(Math.cos(angle), Math.sin(angle));
const look = (ordinal: number, quality = 0.8, vector = at(0)): Counted => ({ ordinal, quality, vector });
const afterAll = (looks: readonly Counted[]): readonly Counted[] =>
  looks.reduce<readonly Counted[]>((kept, newest) => withLook(kept, newest), []);
const ordinals = (looks: readonly Counted[]): number[] => looks.map(({ ordinal }) => ordinal);

describe('withLook', () => {
  it('keeps the newest of equally good looks', () => {
    const looks = Array.from({ length: 20 }, (_, ordinal) => look(ordinal));
    expect(ordinals(afterAll(looks))).toEqual([13, 14, 15, 16, 17, 18, 19]);
  });

  it('keeps good looks through a row of poor ones, but not for ever', () => {
    const good = Array.from({ length: 7 }, (_, ordinal) => look(ordinal, 1));
    const poor = Array.from({ length: 30 }, (_, index) => look(7 + index, 0.3));
    const goodAfter = (count: number): number =>
      afterAll([...good, ...poor.slice(0, count)]).filter(({ quality }) => quality === 1).length;
    expect(goodAfter(5)).toBe(7);
    expect(goodAfter(30)).toBe(0);
  });

  it('never keeps more than it may, nor anything poorer and older than what it left out', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.1, max: 1, noNaN: true }), { maxLength: 30 }), (qualities) => {
        const looks = qualities.map((quality, ordinal) => look(ordinal, quality));
        const kept = afterAll(looks);
        expect(kept).toHaveLength(Math.min(mostLooks, looks.length));
        expect(ordinals(kept)).toEqual([...ordinals(kept)].sort((a, b) => a - b));
        const left = looks.filter((one) => !kept.includes(one));
        for (const lost of left)
          for (const other of kept)
            expect(other.quality < lost.quality && other.ordinal < lost.ordinal).toBe(false);
      }),
    );
  });
});

describe('fuse', () => {
  it('of equal looks is that look', () => {
    const fused = fuse([look(0, 0.2, at(1)), look(1, 0.9, at(1))]);
    expect(euclideanDistance(fused, at(1))).toBeLessThan(1e-6);
  });

  it('lies nearer to better and to newer looks', () => {
    const nearerToFirst = (first: Counted, second: Counted): boolean => {
      const fused = fuse([first, second]);
      return euclideanDistance(fused, first.vector) < euclideanDistance(fused, second.vector);
    };
    expect(nearerToFirst(look(0, 0.9, at(0)), look(1, 0.5, at(1)))).toBe(true);
    expect(nearerToFirst(look(0, 0.7, at(0)), look(1, 0.7, at(1)))).toBe(false);
  });

  it('has length 1, whatever the order of the list', () => {
    const component = fc.double({ min: 0.1, max: 1, noNaN: true });
    const looks = fc.array(fc.tuple(component, component, component), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(looks, (list) => {
        const made = list.map(([x, y, quality], ordinal) =>
          look(ordinal, quality, l2Normalise(Float32Array.of(x, y, 0.5))),
        );
        const fused = fuse(made);
        expect(Math.hypot(...fused)).toBeCloseTo(1, 5);
        expect(euclideanDistance(fused, fuse([...made].reverse()))).toBeLessThan(1e-6);
      }),
    );
  });
});
