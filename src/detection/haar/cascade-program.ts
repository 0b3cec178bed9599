import type { FeatureRect, HaarCascade, Stump } from './cascade.js';
import { HeaderRecord, rectBytes, StageRecord, StumpRecord } from './cascade-layout.js';
import { entryAt, type StripLayout } from './integral-strip.js';

const bytesPerEntry = 4;

/** Bytes that `writeProgram` takes; a multiple of 8. */
export function programSize({ stages }: HaarCascade): number {
  const stumps = stages.reduce((sum, stage) => sum + stage.stumps.length, 0);
  return HeaderRecord.size + stages.length * StageRecord.size + stumps * StumpRecord.size;
}

/** Writes a cascade as the kernel's program for one layout of the integral images, from byte `start` of its memory. */
export function writeProgram(
  cascade: HaarCascade,
  layout: StripLayout,
  memory: DataView,
  start: number,
): void {
  const { width, height, stages } = cascade;
  // Features are scaled by the spread of the window without its rim.
  const inner = { x: 1, y: 1, width: width - 2, height: height - 2 };
  writeCorners(inner, layout, memory, start + HeaderRecord.corners);
  memory.setFloat64(start + HeaderRecord.area, inner.width * inner.height, true);
  let at = start + HeaderRecord.size;
  for (const { stumps, threshold } of stages) {
    const end = at + StageRecord.size + stumps.length * StumpRecord.size;
    const votesAbove = stumps.reduce((sum, { above }) => sum + above, 0);
    memory.setInt32(at + StageRecord.end, end, true);
    memory.setFloat64(at + StageRecord.start, votesAbove - threshold, true);
    at += StageRecord.size;
    for (const stump of stumps) {
      writeStump(stump, layout, memory, at);
      at += StumpRecord.size;
    }
  }
}

function writeStump(
  { rects, threshold, below, above }: Stump,
  layout: StripLayout,
  memory: DataView,
  at: number,
): void {
  for (const [index, rect] of rects.entries()) {
    writeCorners(rect, layout, memory, at + StumpRecord.corners + index * rectBytes);
    memory.setInt32(at + StumpRecord.weights + index * 4, rect.weight, true);
  }
  memory.setFloat32(at + StumpRecord.threshold, threshold, true);
  memory.setFloat64(at + StumpRecord.vote, below - above, true);
}

/** Top left, top right, bottom left, bottom right. */
function writeCorners(
  { x, y, width, height }: Omit<FeatureRect, 'weight'>,
  layout: StripLayout,
  memory: DataView,
  at: number,
): void {
  const columns = [x, x + width];
  const corners = [y, y + height].flatMap((row) => columns.map((column) => entryAt(layout, column, row)));
  corners.forEach((entry, index) => memory.setInt32(at + index * 4, entry * bytesPerEntry, true));
}
