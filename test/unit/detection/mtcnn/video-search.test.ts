import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Detection } from '../../../../src/core/face.js';
import { iou, type Box } from '../../../../src/core/geometry.js';
import type { ScoredCorners } from '../../../../src/core/nms.js';
import { square, toBox, toCorners } from '../../../../src/detection/mtcnn/candidates.js';
import { cutIntoStrips, pyramidLevels, type Strip } from '../../../../src/detection/mtcnn/pyramid.js';
import { MtcnnVideoSearch, type Stages } from '../../../../src/detection/mtcnn/video-search.js';

const frame = { width: 1920, height: 1080, data: new Uint8Array() };
const plan = pyramidLevels(1920, 1080, 40).flatMap(cutIntoStrips);
const pixelsOf = (strips: readonly Strip[]): number =>
  strips.reduce((sum, { level, rowCount }) => sum + level.width * rowCount, 0);

function faceAt(box: Box): Detection {
  const point = { x: box.x, y: box.y };
  return { box, score: 0.9, landmarks: [point, point, point, point, point] };
}

/** Stages that see a face wherever a square overlaps one well, and write down what they were asked. */
class FakeStages implements Stages {
  strips: Strip[] = [];
  refined: ScoredCorners[] = [];
  faces: Box[] = [];
  proposals: ScoredCorners[] = [];
  load = (): void => undefined;
  propose = (strips: readonly Strip[]): Promise<ScoredCorners[]> => {
    this.strips.push(...strips);
    return Promise.resolve(this.proposals.splice(0));
  };
  refine = (squares: readonly ScoredCorners[]): Promise<ScoredCorners[]> => {
    this.refined.push(...squares);
    return Promise.resolve([...squares]);
  };
  finish = (squares: readonly ScoredCorners[]): Promise<Detection[]> => {
    const seen = this.faces.filter((face) => squares.some((each) => iou(toBox(each), face) > 0.8));
    return Promise.resolve(seen.map(faceAt));
  };
}

let stages: FakeStages;
let search: MtcnnVideoSearch;

/** Strips that P-Net sees in a frame that comes some time after the last one. */
async function stripsAfter(ms: number, size = frame): Promise<Strip[]> {
  vi.advanceTimersByTime(ms);
  stages.strips = [];
  await search.detect(size, []);
  return stages.strips;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  stages = new FakeStages();
  search = new MtcnnVideoSearch(stages, 40);
});
afterEach(() => vi.useRealTimers());

describe('what P-Net sees', () => {
  it.each([
    [1280, 1080],
    [1920, 720],
  ])(
    'is the whole pyramid in the first frame, and again when the size changes to %i × %i',
    async (width, height) => {
      expect(await stripsAfter(40)).toEqual(plan);
      expect((await stripsAfter(40)).length).toBeLessThan(plan.length);
      const other = await stripsAfter(40, { ...frame, width, height });
      expect(other).toEqual(pyramidLevels(width, height, 40).flatMap(cutIntoStrips));
    },
  );

  it.each([25, 100])(
    'at %i frames a second is a seventh of the pyramid a frame, all of it in any 8',
    async (fps) => {
      await stripsAfter(40);
      const largest = Math.max(...plan.map((strip) => pixelsOf([strip])));
      const frames: Strip[][] = [];
      for (let count = 0; count < 40; count++) frames.push(await stripsAfter(1000 / fps));
      for (const strips of frames) expect(pixelsOf(strips)).toBeLessThanOrEqual(pixelsOf(plan) / 7 + largest);
      for (let start = 0; start + 8 <= frames.length; start++) {
        const seen = new Set(frames.slice(start, start + 8).flat());
        expect(seen.size).toBe(plan.length);
      }
    },
  );

  it('at fewer frames a second is more of the pyramid a frame, at most once all of it', async () => {
    await stripsAfter(40);
    expect(pixelsOf(await stripsAfter(140))).toBeGreaterThan(0.45 * pixelsOf(plan));
    const strips = await stripsAfter(60_000);
    expect(new Set(strips).size).toBe(strips.length);
    expect(strips.length).toBeGreaterThan(plan.length - 3);
  });

  it('is nothing in a picture smaller than the smallest face', async () => {
    for (let count = 0; count < 3; count++) {
      expect(await stripsAfter(40, { ...frame, width: 30, height: 30 })).toEqual([]);
    }
  });
});

describe('known faces', () => {
  const face: Box = { x: 500, y: 300, width: 90, height: 100 };
  const wasThere: Box = { x: 520, y: 300, width: 90, height: 100 };

  it('are found by O-Net alone where they were expected', async () => {
    stages.faces = [face];
    expect(await search.detect(frame, [face])).toEqual([faceAt(face)]);
    expect(stages.refined).toEqual([]);
  });

  it('are looked for round about when they moved', async () => {
    stages.faces = [face].map((box) => toBox(square(toCorners(box))));
    const found = await search.detect(frame, [wasThere]);
    expect(found).toHaveLength(1);
    expect(stages.refined).toHaveLength(5);
  });

  it('leave no trace once they are gone', async () => {
    expect(await search.detect(frame, [face])).toEqual([]);
  });

  it('need no second look where P-Net finds them too', async () => {
    stages.faces = [face];
    stages.proposals = [toCorners({ ...face, x: 505 }), toCorners({ ...face, x: 1000 })];
    expect(await search.detect(frame, [face])).toEqual([faceAt(face)]);
    expect(stages.refined.map(([x]) => x)).toEqual([1000]);
  });
});
