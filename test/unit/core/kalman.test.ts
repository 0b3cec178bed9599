import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConstantVelocityFilter } from '../../../src/core/kalman.js';

const seconds = fc.double({ min: 0, max: 5, noNaN: true });

describe('ConstantVelocityFilter', () => {
  it('converges to a line from exact measurements at irregular times', () => {
    const line = fc.record({
      start: fc.double({ min: -1000, max: 1000, noNaN: true }),
      velocity: fc.double({ min: -500, max: 500, noNaN: true }),
      steps: fc.array(fc.double({ min: 0.02, max: 0.3, noNaN: true }), { minLength: 60, maxLength: 80 }),
    });
    fc.assert(
      fc.property(line, ({ start, velocity, steps }) => {
        const filter = new ConstantVelocityFilter(start, 1, 1000);
        let time = 0;
        for (const step of steps) {
          time += step;
          filter.predict(step, 1);
          filter.correct(start + velocity * time, 0.01);
        }
        expect(filter.velocity).toBeCloseTo(velocity, 0);
        expect(Math.abs(filter.position - (start + velocity * time))).toBeLessThan(0.1);
      }),
    );
  });

  it('never lets a variance go negative, nor a number stop being one', () => {
    const step = fc.record({
      seconds,
      density: fc.double({ min: 0, max: 1e6, noNaN: true }),
      measured: fc.double({ min: -1e5, max: 1e5, noNaN: true }),
      variance: fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const filter = new ConstantVelocityFilter(0, 1, 1);
        for (const { seconds, density, measured, variance } of steps) {
          filter.predict(seconds, density);
          filter.correct(measured, variance);
          expect(filter.positionVariance).toBeGreaterThanOrEqual(0);
          expect(filter.velocityVariance).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(filter.position) && Number.isFinite(filter.velocity)).toBe(true);
        }
      }),
    );
  });

  it('is less sure after predicting and surer after measuring', () => {
    fc.assert(
      fc.property(seconds, fc.double({ min: 0.01, max: 100, noNaN: true }), (time, variance) => {
        const filter = new ConstantVelocityFilter(5, 2, 3);
        filter.predict(time, 1);
        expect(filter.positionVariance).toBeGreaterThanOrEqual(2);
        const before = filter.positionVariance;
        filter.correct(7, variance);
        expect(filter.positionVariance).toBeLessThan(Math.min(before, variance));
        expect(filter.position).toBeGreaterThan(5);
        expect(filter.position).toBeLessThan(7);
      }),
    );
  });

  it('predicts the same in one step as in two', () => {
    fc.assert(
      fc.property(seconds, seconds, (first, second) => {
        const once = new ConstantVelocityFilter(0, 1, 4);
        const twice = new ConstantVelocityFilter(0, 1, 4);
        once.predict(first + second, 3);
        twice.predict(first, 3);
        twice.predict(second, 3);
        expect(twice.positionVariance / once.positionVariance).toBeCloseTo(1, 9);
        expect(twice.velocityVariance / once.velocityVariance).toBeCloseTo(1, 9);
      }),
    );
  });

  it('finds a far measurement more surprising than a near one, and less so when unsure', () => {
    const filter = new ConstantVelocityFilter(0, 1, 1);
    expect(filter.surprise(10, 1)).toBe(50);
    expect(filter.surprise(1, 1)).toBe(0.5);
    filter.addNoise(1, 300);
    expect(filter.surprise(10, 1)).toBeLessThan(1);
  });
});
