import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { euclideanDistance, l2Normalise } from '../../../../src/core/distance.js';
import {
  fuse,
  mostObservations,
  withObservation,
  type Counted,
} from '../../../../src/recognition/track/observations.js';

const at = (angle: number): Float32Array => Float32Array.of(Math.cos(angle), Math.sin(angle));
const observation = (ordinal: number, quality = 0.8, vector = at(0)): Counted => ({
  ordinal,
  quality,
  vector,
});
const afterAll = (observations: readonly Counted[]): readonly Counted[] =>
  observations.reduce<readonly Counted[]>((kept, newest) => withObservation(kept, newest), []);
const ordinals = (observations: readonly Counted[]): number[] => observations.map(({ ordinal }) => ordinal);

describe('withObservation', () => {
  it('keeps the newest of equally good observations', () => {
    const observations = Array.from({ length: 20 }, (_, ordinal) => observation(ordinal));
    expect(ordinals(afterAll(observations))).toEqual([13, 14, 15, 16, 17, 18, 19]);
  });

  it('keeps good observations through a row of poor ones, but not for ever', () => {
    const good = Array.from({ length: 7 }, (_, ordinal) => observation(ordinal, 1));
    const poor = Array.from({ length: 30 }, (_, index) => observation(7 + index, 0.3));
    const goodAfter = (count: number): number =>
      afterAll([...good, ...poor.slice(0, count)]).filter(({ quality }) => quality === 1).length;
    expect(goodAfter(5)).toBe(7);
    expect(goodAfter(30)).toBe(0);
  });

  it('never keeps more than it may, nor anything poorer and older than what it left out', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.1, max: 1, noNaN: true }), { maxLength: 30 }), (qualities) => {
        const observations = qualities.map((quality, ordinal) => observation(ordinal, quality));
        const kept = afterAll(observations);
        expect(kept).toHaveLength(Math.min(mostObservations, observations.length));
        expect(ordinals(kept)).toEqual([...ordinals(kept)].sort((a, b) => a - b));
        const left = observations.filter((one) => !kept.includes(one));
        for (const lost of left)
          for (const other of kept)
            expect(other.quality < lost.quality && other.ordinal < lost.ordinal).toBe(false);
      }),
    );
  });
});

describe('fuse', () => {
  it('of equal observations is that observation', () => {
    const fused = fuse([observation(0, 0.2, at(1)), observation(1, 0.9, at(1))]);
    expect(euclideanDistance(fused, at(1))).toBeLessThan(1e-6);
  });

  it('lies nearer to better and to newer observations', () => {
    const nearerToFirst = (first: Counted, second: Counted): boolean => {
      const fused = fuse([first, second]);
      return euclideanDistance(fused, first.vector) < euclideanDistance(fused, second.vector);
    };
    expect(nearerToFirst(observation(0, 0.9, at(0)), observation(1, 0.5, at(1)))).toBe(true);
    expect(nearerToFirst(observation(0, 0.7, at(0)), observation(1, 0.7, at(1)))).toBe(false);
  });

  it('has length 1, whatever the order of the list', () => {
    const component = fc.double({ min: 0.1, max: 1, noNaN: true });
    const observations = fc.array(fc.tuple(component, component, component), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(observations, (list) => {
        const made = list.map(([x, y, quality], ordinal) =>
          observation(ordinal, quality, l2Normalise(Float32Array.of(x, y, 0.5))),
        );
        const fused = fuse(made);
        expect(Math.hypot(...fused)).toBeCloseTo(1, 5);
        expect(euclideanDistance(fused, fuse([...made].reverse()))).toBeLessThan(1e-6);
      }),
    );
  });
});
