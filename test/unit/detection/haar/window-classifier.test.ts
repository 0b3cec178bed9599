import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FeatureRect, HaarCascade, Stump } from '../../../../src/detection/haar/cascade.js';
import { createCascadeKernel, WindowClassifier } from '../../../../src/detection/haar/window-classifier.js';
import type { GreyImage } from '../../../../src/detection/haar/grey-image.js';
import { smallCascade } from './small-cascade.js';

const kernel = createCascadeKernel();

/** Noise of different strength from pixel to pixel, so that some windows are flat. */
const picture = fc
  .tuple(fc.integer({ min: 8, max: 40 }), fc.integer({ min: 7, max: 20 }), fc.integer({ min: 4, max: 255 }))
  .chain(([width, height, max]) =>
    fc
      .uint8Array({ minLength: width * height, maxLength: width * height, max })
      .map((data): GreyImage => ({ width, height, data })),
  );

/** So that votes add up to the same in any order. */
const sixtyFourths = (max: number) =>
  fc.integer({ min: -64 * max, max: 64 * max }).map((value) => value / 64);

/** Any cascade of a few stages, whose features have one to three rectangles. */
const cascades = fc
  .record({ width: fc.integer({ min: 4, max: 13 }), height: fc.integer({ min: 4, max: 13 }) })
  .chain(({ width, height }) => {
    const side = (length: number) =>
      fc
        .tuple(fc.integer({ min: 0, max: length - 1 }), fc.integer({ min: 0, max: length - 1 }))
        .map(([a, b]): [from: number, length: number] => [Math.min(a, b), Math.abs(a - b) + 1]);
    const rect = fc
      .tuple(side(width), side(height), fc.constantFrom(-3, -2, -1, 1, 2, 3))
      .map(([[x, width], [y, height], weight]): FeatureRect => ({ x, y, width, height, weight }));
    const stump = fc.record<Stump>({
      rects: fc.array(rect, { minLength: 1, maxLength: 3 }),
      threshold: fc.integer({ min: -100, max: 100 }).map((value) => Math.fround(value / 100)),
      below: sixtyFourths(2),
      above: sixtyFourths(2),
    });
    const stage = fc.record({
      threshold: sixtyFourths(1),
      stumps: fc.array(stump, { minLength: 1, maxLength: 4 }),
    });
    const stages = fc.array(stage, { minLength: 1, maxLength: 4 });
    return fc.record<HaarCascade>({ width: fc.constant(width), height: fc.constant(height), stages });
  });

describe('WindowClassifier', () => {
  it.each([1, 2] as const)('judges every window as the definition does, step %i', (step) => {
    let faces = 0;
    fc.assert(
      fc.property(picture, (image) => {
        const classifier = new WindowClassifier(kernel, smallCascade, 41, 20);
        const { strip } = classifier;
        strip.begin(image.width, classifier.layout(step));
        for (let y = 0; y < image.height; y++) strip.add(rowOf(image, y));
        const count = Math.ceil((image.width - smallCascade.width + 1) / step);
        for (let y = 0; y + smallCascade.height <= image.height; y++) {
          const found: number[] = [];
          classifier.judgeRow(y, count, step, (x) => found.push(x));
          expect(found).toEqual(facesInRow(image, y, step));
          faces += found.length;
        }
      }),
    );
    expect(faces).toBeGreaterThan(100);
  });

  it.each([1, 2] as const)('runs any cascade as the definition does, step %i', (step) => {
    let faces = 0;
    fc.assert(
      fc.property(cascades, picture, (cascade, image) => {
        fc.pre(cascade.width <= image.width && cascade.height <= image.height);
        // A kernel of its own: a program is written into fresh memory.
        const classifier = new WindowClassifier(createCascadeKernel(), cascade, 41, 20);
        const { strip } = classifier;
        strip.begin(image.width, classifier.layout(step));
        for (let y = 0; y < image.height; y++) strip.add(rowOf(image, y));
        const count = Math.ceil((image.width - cascade.width + 1) / step);
        for (let y = 0; y + cascade.height <= image.height; y++) {
          const found: number[] = [];
          classifier.judgeRow(y, count, step, (x) => found.push(x));
          expect(found).toEqual(facesInRow(image, y, step, cascade));
          faces += found.length;
        }
      }),
    );
    expect(faces).toBeGreaterThan(100);
  });

  it('works for a wider picture after a narrower one', () => {
    const image = {
      width: 3000,
      height: 7,
      data: Uint8Array.from({ length: 21_000 }, (_, i) => (i * 7919) % 251),
    };
    new WindowClassifier(kernel, smallCascade, 10, 1);
    const classifier = new WindowClassifier(kernel, smallCascade, 3000, 1);
    classifier.strip.begin(image.width, classifier.layout(1));
    for (let y = 0; y < 7; y++) classifier.strip.add(rowOf(image, y));
    const found: number[] = [];
    classifier.judgeRow(0, 2993, 1, (x) => found.push(x));
    expect(found.length).toBeGreaterThan(0);
    expect(found).toEqual(facesInRow(image, 0, 1));
  });
});

function rowOf({ width, data }: GreyImage, y: number): Uint8Array {
  return data.subarray(y * width, (y + 1) * width);
}

function facesInRow(image: GreyImage, y: number, step: number, cascade = smallCascade): number[] {
  const found: number[] = [];
  for (let x = 0; x + cascade.width <= image.width; x += step) {
    const failed = failedStage(cascade, image, x, y);
    if (failed === 'none') found.push(x);
    if (failed === 0) x += step;
  }
  return found;
}

/** The definition, pixel by pixel. */
function failedStage(cascade: HaarCascade, image: GreyImage, x: number, y: number): number | 'none' | 'flat' {
  const pixels = (left: number, top: number, width: number, height: number): number[] =>
    Array.from({ length: width * height }, (_, i) => {
      const row = y + top + Math.floor(i / width);
      return image.data[row * image.width + x + left + (i % width)]!;
    });
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const inner = pixels(1, 1, cascade.width - 2, cascade.height - 2);
  const variance = inner.length * sum(inner.map((value) => value * value)) - sum(inner) ** 2;
  const scale = Math.fround(1 / Math.sqrt(variance));
  if (variance <= 0 || inner.length * scale >= 0.1) return 'flat';
  const failed = cascade.stages.findIndex(({ stumps, threshold }) => {
    const votes = stumps.map(({ rects, threshold, below, above }) => {
      const value = sum(
        rects.map((rect) => rect.weight * sum(pixels(rect.x, rect.y, rect.width, rect.height))),
      );
      return Math.fround(value * scale) < threshold ? below : above;
    });
    return sum(votes) < threshold;
  });
  return failed < 0 ? 'none' : failed;
}
