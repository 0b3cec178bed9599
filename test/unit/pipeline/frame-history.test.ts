import { describe, expect, it } from 'vitest';
import { FrameHistory } from '../../../src/pipeline/frame-history.js';
import { CountedFrame } from './fakes.js';

describe('FrameHistory', () => {
  it('finds the frame taken nearest to a moment, the later of two as near', () => {
    const history = new FrameHistory(3, 500);
    for (const time of [0, 40, 80]) history.push(new CountedFrame(time));
    expect(history.nearest(55)?.sequence).toBe(40);
    expect(history.nearest(60)?.sequence).toBe(80);
    expect(history.nearest(400)?.sequence).toBe(80);
  });

  it('finds nothing when no frame is near, or there is none', () => {
    const history = new FrameHistory(3, 500);
    expect(history.nearest(0)).toBeUndefined();
    history.push(new CountedFrame(0));
    expect(history.nearest(501)).toBeUndefined();
  });

  it('owns its newest frames only, and none once cleared', () => {
    const history = new FrameHistory(2, 500);
    const frames = [0, 40, 80].map((time) => new CountedFrame(time));
    for (const frame of frames) history.push(frame);
    expect(frames.map(({ owners }) => owners)).toEqual([1, 2, 2]);
    history.clear();
    expect(frames.map(({ owners }) => owners)).toEqual([1, 1, 1]);
  });
});
