import { describe, expect, it } from 'vitest';
import { LargeFrames } from '../../../src/pipeline/large-frames.js';
import { CountedFrame } from './fakes.js';

function setUp() {
  const used: (number | undefined)[] = [];
  const wanted: (number | undefined)[] = [];
  const large = new LargeFrames((since) => wanted.push(since));
  const ask = (...times: readonly number[]): void => {
    for (const time of times) large.at(time, (frame) => used.push(frame?.sequence));
  };
  return { large, used, wanted, ask };
}

describe('LargeFrames', () => {
  it('wants frames from the first moment on that waits, and hands over the nearest in order', () => {
    const { large, used, wanted, ask } = setUp();
    ask(120, 220);
    expect([used, wanted]).toEqual([[], [120]]);
    for (const time of [0, 100, 200]) large.push(new CountedFrame(time));
    expect(used).toEqual([100]);
    large.push(new CountedFrame(300));
    expect(used).toEqual([100, 200]);
  });

  it('wants frames until nothing waits and nobody is followed', () => {
    const { large, wanted, ask } = setUp();
    ask(100);
    large.at(150, () => large.follow(true));
    large.push(new CountedFrame(200));
    large.follow(true);
    expect(wanted).toEqual([100]);
    large.follow(false);
    expect(wanted).toEqual([100, undefined]);
  });

  it('says when what waits has got its frames: at once when nothing waits', () => {
    const { large, used, ask } = setUp();
    const said: string[] = [];
    large.afterWaiting(() => said.push(`after ${used.length}`));
    ask(100, 200);
    large.afterWaiting(() => said.push(`after ${used.length}`));
    ask(300);
    large.push(new CountedFrame(100));
    expect(said).toEqual(['after 0']);
    large.push(new CountedFrame(300));
    expect([used, said]).toEqual([
      [100, 300, 300],
      ['after 0', 'after 2'],
    ]);
  });

  it('lets what waited for ten seconds go, and all that waits when the tracks end', () => {
    const { large, used, wanted, ask } = setUp();
    ask(0, 5000, 10_001);
    expect(used).toEqual([undefined]);
    large.reset();
    expect([used, wanted]).toEqual([
      [undefined, undefined, undefined],
      [0, undefined],
    ]);
  });
});
