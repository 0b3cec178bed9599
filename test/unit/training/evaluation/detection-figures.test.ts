import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Detection, Landmarks } from '../../../../src/core/face.js';
import { iou, type Box } from '../../../../src/core/geometry.js';
import {
  detectionFigures,
  type SearchedPicture,
} from '../../../../src/training/evaluation/detection-figures.js';
import type { LabelledFace } from '../../../../src/training/evaluation/truth.js';

const points: Landmarks = [
  { x: 30, y: 40 },
  { x: 70, y: 40 },
  { x: 50, y: 60 },
  { x: 35, y: 80 },
  { x: 65, y: 80 },
];
const square = (x: number, side = 100): Box => ({ x, y: 0, width: side, height: side });
const face = (box: Box, more: Partial<LabelledFace> = {}): LabelledFace => ({
  box,
  landmarks: null,
  ignored: false,
  ...more,
});
const found = (box: Box, score: number, landmarks = points): Detection => ({ box, score, landmarks });

describe('detectionFigures', () => {
  it('counts hits, misses and false alarms over all pictures', () => {
    const pictures = [
      { faces: [face(square(0)), face(square(500))], detections: [found(square(10), 0.9)] },
      { faces: [], detections: [found(square(0), 0.8)] },
      { faces: [face(square(0))], detections: [found(square(0), 0.7)] },
      { faces: [], detections: [] },
    ];
    const { recall, precision, ...counts } = detectionFigures(pictures, 0.5);
    expect(recall).toBeCloseTo(2 / 3);
    expect(precision).toBeCloseTo(2 / 3);
    expect(counts).toMatchObject({ images: 4, faces: 3, truePositives: 2, falsePositives: 1 });
  });

  it('tells recall by the height of the labelled face', () => {
    const faces = [10, 20, 39, 40, 80, 300].map((side, index) => face(square(1000 * index, side)));
    faces.push(face(square(9000, 50), { ignored: true }));
    const detections = [
      found(square(1000, 20), 0.9),
      found(square(4000, 80), 0.8),
      found(square(9000, 50), 0.8),
    ];
    expect(detectionFigures([{ faces, detections }], 0.5).byHeight).toEqual([
      { from: 0, to: 20, faces: 1, found: 0, recall: 0 },
      { from: 20, to: 40, faces: 2, found: 1, recall: 0.5 },
      { from: 40, to: 80, faces: 1, found: 0, recall: 0 },
      { from: 80, to: null, faces: 2, found: 1, recall: 0.5 },
    ]);
    expect(detectionFigures([], 0.5).byHeight.map(({ recall }) => recall)).toEqual([null, null, null, null]);
  });

  it('takes an overlap of just the threshold for a hit', () => {
    const half = { faces: [face(square(0))], detections: [found({ ...square(0), height: 50 }, 0.9)] };
    expect(detectionFigures([half], 0.5).truePositives).toBe(1);
    expect(detectionFigures([half], 0.51).truePositives).toBe(0);
  });

  it('gives a face to one detection only, the best one', () => {
    const twice = [found(square(20), 0.6), found(square(10), 0.9), found(square(0), 0.3)];
    const figures = detectionFigures([{ faces: [face(square(0))], detections: twice }], 0.5);
    expect(figures).toMatchObject({ truePositives: 1, falsePositives: 2, averagePrecision: 1 });
  });

  it('lets a detection take the face that it overlaps most, and the next one what is left', () => {
    const faces = [face(square(0)), face(square(30))];
    const detections = [found(square(20), 0.9), found(square(12), 0.8)];
    expect(detectionFigures([{ faces, detections }], 0.5)).toMatchObject({ recall: 1, precision: 1 });
  });

  it('leaves out ignored faces, found or not, however often', () => {
    const faces = [
      face(square(0)),
      face(square(300), { ignored: true }),
      face(square(600), { ignored: true }),
    ];
    const detections = [found(square(0), 0.5), found(square(300), 0.9), found(square(310), 0.8)];
    expect(detectionFigures([{ faces, detections }], 0.5)).toEqual({
      recall: 1,
      precision: 1,
      averagePrecision: 1,
      landmarkError: null,
      images: 1,
      faces: 1,
      truePositives: 1,
      falsePositives: 0,
    });
  });

  it('prefers a face that counts to one that does not', () => {
    const faces = [face(square(0), { ignored: true }), face(square(10))];
    const figures = detectionFigures([{ faces, detections: [found(square(0), 0.9)] }], 0.5);
    expect(figures).toMatchObject({ truePositives: 1, falsePositives: 0 });
  });

  it('is all zero where nothing was found', () => {
    expect(detectionFigures([{ faces: [face(square(0))], detections: [] }], 0.5)).toMatchObject({
      recall: 0,
      precision: 0,
      averagePrecision: 0,
    });
  });

  it('measures landmarks of faces found by the distance of the eyes', () => {
    const shifted = points.map(({ x, y }, index) => ({
      x: x + (index === 2 ? 20 : 0),
      y,
    })) as unknown as Landmarks;
    const faces = [
      face(square(0), { landmarks: points }),
      face(square(500)),
      face(square(900), { landmarks: points }),
    ];
    const detections = [found(square(0), 0.9, shifted), found(square(500), 0.8), found(square(2000), 0.7)];
    expect(detectionFigures([{ faces, detections }], 0.5).landmarkError).toBeCloseTo(20 / 5 / 40);
    expect(detectionFigures([{ faces, detections: [] }], 0.5).landmarkError).toBeNull();
  });
});

describe('averagePrecision', () => {
  /** Faces far apart, found where `hits` has true, in falling or given scores; `faces` in all. */
  const ranked = (
    hits: readonly boolean[],
    faces: number,
    scores = hits.map((_, index) => 1 - index / 100),
  ) => {
    const detections = hits.map((hit, index) =>
      found(square(hit ? index * 200 : -1000 - index * 200), scores[index]!),
    );
    const positions = hits.flatMap((hit, index) => (hit ? [index * 200] : []));
    while (positions.length < faces) positions.push(100_000 + positions.length * 200);
    return detectionFigures([{ faces: positions.map((x) => face(square(x))), detections }], 0.5)
      .averagePrecision;
  };

  it('is the area of small known curves', () => {
    expect(ranked([true, true], 2)).toBe(1);
    expect(ranked([true, true], 4)).toBeCloseTo(0.5);
    expect(ranked([false, true], 1)).toBeCloseTo(0.5);
    // Recall ½ at precision 1, then recall 1 at precision ⅔.
    expect(ranked([true, false, true], 2)).toBeCloseTo(1 / 2 + 1 / 3);
    // The dip to ½ is filled by the ⅔ that follows at a higher recall.
    expect(ranked([false, true, true], 2)).toBeCloseTo(2 / 3);
  });

  it('takes equal scores as one step', () => {
    expect(ranked([true, false], 1, [0.5, 0.5])).toBeCloseTo(0.5);
    expect(ranked([false, true], 1, [0.5, 0.5])).toBeCloseTo(0.5);
  });
});

const side = fc.integer({ min: 1, max: 30 });
const box = fc.record({ x: fc.integer({ min: 0, max: 40 }), y: fc.constant(0), width: side, height: side });
const picture: fc.Arbitrary<SearchedPicture> = fc.record({
  faces: fc.array(fc.record({ box, landmarks: fc.constant(null), ignored: fc.boolean() }), { maxLength: 5 }),
  detections: fc
    // No two scores of a picture are equal: who would choose first is not defined.
    .uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 6 })
    .chain((scores) => fc.tuple(...scores.map((score) => box.map((at) => found(at, score / 12))))),
});

describe('on any pictures', () => {
  it('agrees with the definitions, followed word by word', () => {
    fc.assert(
      fc.property(fc.array(picture, { maxLength: 4 }), (pictures) => {
        const figures = detectionFigures(pictures, 0.4);
        const expected = byDefinition(pictures, 0.4);
        expect(figures.truePositives).toBe(expected.hits);
        expect(figures.falsePositives).toBe(expected.alarms);
        expect(figures.faces).toBe(expected.faces);
        expect(figures.averagePrecision).toBeCloseTo(expected.area, 10);
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the order of pictures and detections', () => {
    fc.assert(
      fc.property(fc.array(picture, { maxLength: 4 }), (pictures) => {
        const turned = pictures
          .map(({ faces, detections }) => ({ faces, detections: detections.toReversed() }))
          .reverse();
        const [a, b] = [detectionFigures(pictures, 0.4), detectionFigures(turned, 0.4)];
        expect(b.averagePrecision).toBeCloseTo(a.averagePrecision, 10);
        expect({ ...b, averagePrecision: 0 }).toEqual({ ...a, averagePrecision: 0 });
      }),
    );
  });
});

/** One list of all detections, matched one by one; the curve from a new count at each threshold. */
function byDefinition(pictures: readonly SearchedPicture[], minIou: number) {
  const all = pictures
    .flatMap(({ faces, detections }) => detections.map((detection) => ({ faces, ...detection })))
    .sort((a, b) => b.score - a.score);
  const taken = new Set<LabelledFace>();
  const judged: { score: number; hit: boolean }[] = [];
  for (const detection of all) {
    let best: LabelledFace | undefined;
    for (const candidate of detection.faces) {
      if (candidate.ignored || taken.has(candidate) || iou(candidate.box, detection.box) < minIou) continue;
      if (!best || iou(candidate.box, detection.box) > iou(best.box, detection.box)) best = candidate;
    }
    if (best) taken.add(best);
    const onIgnored = detection.faces.some(
      (other) => other.ignored && iou(other.box, detection.box) >= minIou,
    );
    if (best || !onIgnored) judged.push({ score: detection.score, hit: best !== undefined });
  }
  const faces = pictures.flatMap((each) => each.faces).filter(({ ignored }) => !ignored).length;
  const curve = judged.map(({ score }) => {
    const kept = judged.filter((other) => other.score >= score);
    const hits = kept.filter(({ hit }) => hit).length;
    return { hits, precision: hits / kept.length };
  });
  let area = 0;
  for (let hits = 1; hits <= faces; hits++) {
    area +=
      Math.max(0, ...curve.filter((point) => point.hits >= hits).map(({ precision }) => precision)) / faces;
  }
  const hits = judged.filter(({ hit }) => hit).length;
  return { hits, alarms: judged.length - hits, faces, area };
}
