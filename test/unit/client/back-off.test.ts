import { describe, expect, it } from 'vitest';
import { BackOff } from '../../../src/client/back-off.js';

describe('BackOff', () => {
  it('waits up to a ceiling that doubles, up to 15 s', () => {
    const backOff = new BackOff(() => 0.5);
    const waits = Array.from({ length: 7 }, () => backOff.next());
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 7500, 7500]);
  });

  it('may wait not at all, however often it failed', () => {
    const backOff = new BackOff(() => 0);
    expect([backOff.next(), backOff.next()]).toEqual([0, 0]);
  });

  it('begins anew after a success', () => {
    const backOff = new BackOff(() => 0.5);
    backOff.next();
    backOff.next();
    backOff.reset();
    expect(backOff.next()).toBe(250);
  });
});
