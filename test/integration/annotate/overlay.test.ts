import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabelCache } from '../../../src/annotate/label-cache.js';
import { drawOverlay, prepareLabels, type FaceOverlay } from '../../../src/annotate/overlay.js';

let folder: string;
let labels: LabelCache;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-overlay-'));
  labels = new LabelCache({
    fontsDir: folder,
    onError: (error) => {
      throw error;
    },
  });
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

const grey = (width: number, height: number) => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(120),
});
type Picture = ReturnType<typeof grey>;
const pixel = ({ width, data }: Picture, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];
/** Rows that hold a changed pixel: first and last. */
function changedRows({ width, height, data }: Picture): [number, number] {
  const rows = Array.from({ length: height }, (_, y) => y).filter((y) =>
    data.subarray(y * width * 3, (y + 1) * width * 3).some((value) => value !== 120),
  );
  return [rows[0]!, rows.at(-1)!];
}

const ann: FaceOverlay = { box: { x: 200, y: 100, width: 80, height: 100 }, label: 'Ann', tone: 'known' };
const blue = [86, 180, 233];

describe('drawOverlay', () => {
  it('draws the box at once and the label when it is rendered', async () => {
    const before = grey(640, 360);
    drawOverlay(before, [{ ...ann, label: 'Not yet rendered' }], labels);
    expect(pixel(before, 200, 150)).toEqual(blue);
    expect(pixel(before, 280, 150)).toEqual(blue);
    expect(changedRows(before)).toEqual([98, 201]);
    const after = grey(640, 360);
    await prepareLabels(360, [ann], labels);
    drawOverlay(after, [ann], labels);
    expect(changedRows(after)[0]).toBeLessThan(84);
    expect(pixel(after, 199, 90)).toEqual(blue);
  });

  it('tells known, unknown, undecided and held faces apart', () => {
    const tones = (['known', 'unknown', 'undecided', 'held'] as const).map((tone) => {
      const image = grey(640, 360);
      drawOverlay(image, [{ ...ann, label: '', tone }], labels);
      return pixel(image, 200, 150).join();
    });
    expect(new Set(tones).size).toBe(4);
  });

  it('breaks the line of an expected box', () => {
    const image = grey(640, 360);
    drawOverlay(image, [{ ...ann, label: '', dashed: true }], labels);
    const colours = new Set(Array.from({ length: 100 }, (_, index) => pixel(image, 200, 100 + index).join()));
    expect(colours).toContain('120,120,120');
    expect(colours).toContain(blue.join());
  });

  it('marks landmarks with dots, smaller ones on a small face', () => {
    const dotWidth = (side: number) => {
      const image = grey(640, 360);
      const dot = { x: 300.5, y: 150.5 };
      const box = { x: 300 - side / 2, y: 150 - side / 2, width: side, height: side };
      drawOverlay(image, [{ ...ann, box, label: '', landmarks: [dot, dot, dot, dot, dot] }], labels);
      expect(pixel(image, 300, 150)).toEqual(blue);
      const across = Array.from({ length: 21 }, (_, index) => pixel(image, 290 + index, 150).join());
      return across.filter((colour) => colour !== '120,120,120').length;
    };
    expect(dotWidth(200)).toBeGreaterThanOrEqual(5);
    expect(dotWidth(40)).toBeLessThan(dotWidth(200));
  });

  it('scales line and text with the picture, text not below 13 px', async () => {
    const labelHeight = async (width: number, height: number) => {
      await prepareLabels(height, [ann], labels);
      const image = grey(width, height);
      drawOverlay(image, [ann], labels);
      return 100 - changedRows(image)[0];
    };
    const [cif, hd] = [await labelHeight(352, 288), await labelHeight(1920, 1080)];
    expect(cif).toBeGreaterThanOrEqual(18);
    expect(hd).toBeGreaterThan(cif * 1.5);
    expect(hd).toBeLessThan(cif * 3);
  });

  it('shows the line along the edge for a face that reaches past the picture', () => {
    const image = grey(640, 360);
    drawOverlay(image, [{ ...ann, label: '', box: { x: -50, y: -50, width: 900, height: 500 } }], labels);
    for (const [x, y] of [
      [1, 180],
      [638, 180],
      [320, 1],
      [320, 358],
    ] as const) {
      // prettier-ignore
      expect(pixel(image, x, y)).toEqual(blue);
    }
  });

  it('draws nothing for a face outside', async () => {
    await prepareLabels(360, [ann], labels);
    const image = grey(640, 360);
    drawOverlay(image, [{ ...ann, box: { ...ann.box, x: 700 } }], labels);
    expect(image.data.every((value) => value === 120)).toBe(true);
  });

  it('draws any boxes on any picture without failing', () => {
    const number = fc.double({ min: -500, max: 900, noNaN: true });
    const side = fc.double({ min: 0, max: 900, noNaN: true });
    const overlay = fc.record({
      box: fc.record({ x: number, y: number, width: side, height: side }),
      label: fc.constantFrom('', 'Ann'),
      tone: fc.constantFrom(...(['known', 'unknown', 'undecided', 'held'] as const)),
      dashed: fc.boolean(),
    });
    const size = fc.integer({ min: 1, max: 400 });
    fc.assert(
      fc.property(size, size, fc.array(overlay, { maxLength: 8 }), (width, height, overlays) => {
        const image = grey(width, height);
        drawOverlay(image, overlays, labels);
        expect(image.data).toHaveLength(width * height * 3);
      }),
      { numRuns: 200 },
    );
  });
});
