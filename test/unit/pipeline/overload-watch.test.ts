import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { leastSearchRate, OverloadWatch, type SearchFigures } from '../../../src/pipeline/overload-watch.js';

const fine: SearchFigures = {
  state: 'active',
  framesPerSecond: 10,
  detectionsPerSecond: 8,
  place: 'a detector thread',
  cameras: 8,
  searchMs: 12,
  fastestMs: 9,
};

let figures: SearchFigures;
let told: string[];
let watch: OverloadWatch;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
  [figures, told] = [fine, []];
  watch = new OverloadWatch({
    leastPerSecond: leastSearchRate('auto', null),
    figures: () => figures,
    onOverloaded: ({ code, message }) => void told.push(`${code}: ${message}`),
    onRecovered: () => void told.push('recovered'),
  });
  watch.start();
});

afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

function pass(seconds: number, change: Partial<SearchFigures>): string[] {
  figures = { ...fine, ...change };
  vi.advanceTimersByTime(seconds * 1000);
  return told.splice(0);
}

describe('OverloadWatch', () => {
  it.each<[string, Partial<SearchFigures>, string]>([
    [
      'searches wait for other cameras',
      { detectionsPerSecond: 0.28, searchMs: 450, fastestMs: 440 },
      'SEARCHES_WAIT: It is searched 0.3 times a second: 8 cameras share a detector thread, and a search takes 450 ms (440 ms at its fastest).',
    ],
    [
      'a single camera waits',
      { detectionsPerSecond: 0.8, searchMs: 700, fastestMs: 300, cameras: 1 },
      'SEARCHES_WAIT: It is searched 0.8 times a second: it has a detector thread to itself, and a search takes 700 ms (300 ms at its fastest).',
    ],
    [
      'a search takes longer than a second',
      { detectionsPerSecond: 0.7, searchMs: 1400, fastestMs: 1200 },
      'SEARCHES_SLOW: It is searched 0.7 times a second: a search takes 1400 ms (1200 ms at its fastest).',
    ],
    [
      'frames come seldom, even if nothing seems to move',
      { framesPerSecond: 0.4, detectionsPerSecond: 0.3, state: 'idle' },
      'FRAMES_LATE: Only 0.4 frames a second arrive: the camera sends few, or decoding them waits for processor time.',
    ],
  ])('says once, with the reason, when %s', (_, change, line) => {
    expect(pass(30, {})).toEqual([]);
    expect(pass(30, change)).toEqual([line]);
    expect(watch.reason).toMatchObject({ code: line.slice(0, line.indexOf(':')) });
  });

  it('keeps the reason up to date', () => {
    pass(10, { detectionsPerSecond: 0.5, searchMs: 300 });
    pass(1, { detectionsPerSecond: 0.2, searchMs: 900 });
    expect(watch.reason?.message).toContain('searched 0.2 times a second');
  });

  it('leaves a camera alone in its first seconds, and in the first ones in which something moves', () => {
    const slow = { detectionsPerSecond: 0.3, framesPerSecond: 0.3 };
    expect(pass(4, slow)).toEqual([]);
    expect(pass(60, { state: 'idle', detectionsPerSecond: 0.3 })).toEqual([]);
    expect(pass(4, { detectionsPerSecond: 0.3 })).toEqual([]);
    expect(pass(10, { state: 'idle' })).toEqual([]);
    expect(pass(4, { detectionsPerSecond: 0.3, state: 'still' })).toEqual([]);
    expect(pass(4, { detectionsPerSecond: 0.3, state: 'still' })).toHaveLength(1);
  });

  it('says that it is over after ten good seconds in a row, not when it changes to and fro', () => {
    expect(pass(10, { detectionsPerSecond: 0.5 })).toHaveLength(1);
    for (let i = 0; i < 10; i++) {
      expect(pass(8, { detectionsPerSecond: 1.1 })).toEqual([]);
      expect(pass(4, { detectionsPerSecond: 0.9 })).toEqual([]);
    }
    expect(pass(9, {})).toEqual([]);
    expect(pass(3, {})).toEqual(['recovered']);
    expect(watch.reason).toBeUndefined();
  });

  it('counts stillness as recovery, too', () => {
    expect(pass(10, { detectionsPerSecond: 0.5 })).toHaveLength(1);
    expect(pass(12, { detectionsPerSecond: 0.3, state: 'idle' })).toEqual(['recovered']);
  });

  it('forgets everything when the camera goes offline, and begins anew when it is back', () => {
    expect(pass(10, { detectionsPerSecond: 0.5 })).toHaveLength(1);
    watch.stop();
    expect(watch.reason).toBeUndefined();
    expect(pass(60, {})).toEqual([]);
    watch.start();
    expect(pass(4, { detectionsPerSecond: 0.5 })).toEqual([]);
    expect(pass(6, { detectionsPerSecond: 0.5 })).toHaveLength(1);
  });
});

it('asks for one search a second, and for less of a camera that was told to send or search less', () => {
  expect(leastSearchRate('auto', null)).toBe(1);
  expect(leastSearchRate(10, 25)).toBe(1);
  expect(leastSearchRate(1, null)).toBe(0.8);
  expect(leastSearchRate('auto', 0.5)).toBe(0.4);
});
