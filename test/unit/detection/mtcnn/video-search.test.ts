import { beforeEach, describe, expect, it } from 'vitest';
import type { Detection } from '../../../../src/core/face.js';
import { iou, type Box } from '../../../../src/core/geometry.js';
import type { ScoredCorners } from '../../../../src/core/nms.js';
import { square, toBox, toCorners } from '../../../../src/detection/mtcnn/candidates.js';
import type { FoundFace } from '../../../../src/detection/mtcnn/cascade.js';
import { cutIntoStrips, pyramidLevels, type Strip } from '../../../../src/detection/mtcnn/pyramid.js';
import { MtcnnVideoSearch, type Stages } from '../../../../src/detection/mtcnn/video-search.js';

const frame = { width: 1920, height: 1080, data: new Uint8Array(1920 * 1080 * 3) };
const plan = pyramidLevels(1920, 1080, 40).flatMap(cutIntoStrips);

function faceAt(box: Box): Detection {
  const point = { x: box.x, y: box.y };
  return { box, score: 0.9, landmarks: [point, point, point, point, point] };
}

/** Stages that see a face wherever a square overlaps one well, and write down what they were asked. */
class FakeStages implements Stages {
  strips: Strip[] = [];
  refined: ScoredCorners[] = [];
  finished: ScoredCorners[] = [];
  faces: Box[] = [];
  proposals: ScoredCorners[] = [];
  /** What is no face in the mirror. */
  doubtful: Box[] = [];
  load = (): void => undefined;
  propose = (strips: readonly Strip[]): Promise<ScoredCorners[]> => {
    this.strips.push(...strips);
    return Promise.resolve(this.proposals.splice(0));
  };
  refine = (squares: readonly ScoredCorners[]): Promise<ScoredCorners[]> => {
    this.refined.push(...squares);
    return Promise.resolve([...squares]);
  };
  confirm = (faces: readonly FoundFace[]): Promise<FoundFace[]> =>
    Promise.resolve(faces.filter(({ face }) => !this.doubtful.some((box) => iou(box, face.box) > 0.9)));
  finish = (squares: readonly ScoredCorners[]): Promise<FoundFace[]> => {
    this.finished.push(...squares);
    const seen = this.faces.flatMap((face) => {
      const input = squares.find((each) => iou(toBox(each), face) > 0.7);
      return input === undefined ? [] : [{ face: faceAt(face), square: input }];
    });
    return Promise.resolve(seen);
  };
}

let stages: FakeStages;
let search: MtcnnVideoSearch;

let timeMs: number;

/** Searches the next frame, a tenth of a second later. */
function searchNext(expected: readonly Box[] = [], image = frame): Promise<Detection[]> {
  timeMs += 100;
  stages.strips = [];
  stages.finished = [];
  return search.detect(image, expected, timeMs);
}

beforeEach(() => {
  timeMs = 0;
  stages = new FakeStages();
  search = new MtcnnVideoSearch(stages, 40);
});

describe('what P-Net sees', () => {
  it.each([
    [1280, 1080],
    [1920, 720],
  ])(
    'is the whole pyramid in the first frame, and again when the size changes to %i × %i',
    async (width, height) => {
      await searchNext();
      expect(stages.strips).toEqual(plan);
      await searchNext();
      expect(stages.strips.length).toBeLessThan(plan.length);
      await searchNext([], { ...frame, width, height });
      expect(stages.strips).toEqual(pyramidLevels(width, height, 40).flatMap(cutIntoStrips));
    },
  );

  it('is nothing in a picture smaller than the smallest face', async () => {
    for (let count = 0; count < 3; count++) {
      await searchNext([], { ...frame, width: 30, height: 30 });
      expect(stages.strips).toEqual([]);
    }
  });

  it('is the place where a face was lost, although nothing changed', async () => {
    const lost = { x: 500, y: 300, width: 90, height: 100 };
    stages.faces = [lost];
    await searchNext([lost]);
    stages.faces = [];
    await searchNext([lost]);
    await searchNext();
    const sides = stages.strips.map(({ level }) => 12 / level.scale);
    expect(sides.filter((side) => side > 70 && side < 130).length).toBeGreaterThan(0);
    const pixels = stages.strips.reduce((sum, { columnCount, rowCount }) => sum + columnCount * rowCount, 0);
    expect(pixels).toBeLessThan(0.2 * 575_000);
  });
});

describe('known faces', () => {
  const face: Box = { x: 500, y: 300, width: 90, height: 100 };
  const wasThere: Box = { x: 520, y: 300, width: 90, height: 100 };

  it('are found by O-Net alone where they were expected', async () => {
    stages.faces = [face];
    expect(await searchNext([face])).toEqual([faceAt(face)]);
    expect(stages.refined).toEqual([]);
  });

  it('are looked for round about when they moved', async () => {
    stages.faces = [face].map((box) => toBox(square(toCorners(box))));
    const found = await searchNext([wasThere]);
    expect(found).toHaveLength(1);
    expect(stages.refined).toHaveLength(5);
  });

  it('leave no trace once they are gone', async () => {
    expect(await searchNext([face])).toEqual([]);
  });

  it('need no second look where P-Net finds them too', async () => {
    stages.faces = [face];
    stages.proposals = [toCorners({ ...face, x: 505 }), toCorners({ ...face, x: 1000 })];
    expect(await searchNext([face])).toEqual([faceAt(face)]);
    expect(stages.refined.map(([x]) => x)).toEqual([1000]);
  });

  it('are given to O-Net as it saw them at first, also when its box is smaller than what it was given', async () => {
    stages.faces = [face];
    stages.proposals = [toCorners({ x: 495, y: 295, width: 110, height: 110 })];
    await searchNext();
    for (let count = 0; count < 5; count++) {
      await searchNext([face]);
      const [x1, y1, x2, y2] = stages.finished[0]!;
      expect([x1, y1, x2, y2].map((value) => Math.round(value * 1000) / 1000)).toEqual([495, 295, 605, 405]);
    }
    // Twice as large and elsewhere.
    await searchNext([{ x: 1000, y: 600, width: 180, height: 200 }, face]);
    const moved = { x: 520, y: 310, width: 99, height: 110 };
    await searchNext([moved]);
    const [x1, , x2] = stages.finished[0]!;
    expect(x2 - x1).toBeCloseTo(121);
    expect((x1 + x2) / 2 - (moved.x + moved.width / 2)).toBeCloseTo(5.5);
  });

  it('are confirmed in the mirror when they are new, and not again', async () => {
    stages.faces = [face];
    stages.doubtful = [face];
    stages.proposals = [toCorners({ x: 495, y: 295, width: 110, height: 110 })];
    expect(await searchNext()).toEqual([]);
    expect(await searchNext([face])).toEqual([faceAt(face)]);
  });
});
