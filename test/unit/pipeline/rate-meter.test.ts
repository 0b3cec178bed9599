import { describe, expect, it } from 'vitest';
import { RateMeter } from '../../../src/pipeline/rate-meter.js';

describe('RateMeter', () => {
  it('measures an even rate exactly', () => {
    const meter = new RateMeter(5000);
    for (let i = 0; i <= 250; i++) meter.add(i * 40);
    expect(meter.rate(250 * 40)).toBeCloseTo(25, 5);
  });

  it('measures by totals, however many come at once', () => {
    const meter = new RateMeter(5000);
    for (let i = 0; i <= 8; i++) meter.add(i * 500, 1000 + Math.round(i * 12.5));
    expect(meter.rate(8 * 500)).toBeCloseTo(25, 5);
    expect(meter.rate(8 * 500 + 1000)).toBeCloseTo(100 / 4.5, 5);
  });

  it('falls while nothing comes, and to 0 after the window', () => {
    const meter = new RateMeter(5000);
    for (let i = 0; i <= 100; i++) meter.add(i * 40);
    expect(meter.rate(6000)).toBeLessThan(20);
    expect(meter.rate(60_000)).toBe(0);
  });
});
