import type { Box } from '../../core/geometry.js';

/** Windows that found the same face, merged into one box in whole pixels. */
export interface Group {
  readonly box: Box;
  /** The number of windows. */
  readonly size: number;
}

/** How far the edges of similar windows may lie apart, as a share of their size. */
const tolerance = 0.2;

/**
 * Groups windows that are similar, directly or through other windows, and takes the mean of each group. Groups of
 * `minNeighbors` windows or fewer are dropped, and so are those inside the box of a larger group. The single-precision
 * arithmetic is that of OpenCV's `groupRectangles` with eps 0.2.
 *
 * @returns in no particular order
 */
export function groupWindows(windows: readonly Box[], minNeighbors: number): Group[] {
  const groups = cluster(windows)
    .filter((members) => members.length > minNeighbors)
    .map((members): Group => ({ box: meanBox(members), size: members.length }));
  return groups.filter((group) => !groups.some((other) => other !== group && swallows(other, group)));
}

/** The connected components of the relation `isSimilar`. */
function cluster(windows: readonly Box[]): Box[][] {
  const sorted = windows.toSorted((a, b) => a.x - b.x);
  const parents = sorted.map((_, index) => index);
  const rootOf = (index: number): number => {
    let root = index;
    while (parents[root] !== root) root = parents[root] = parents[parents[root]!]!;
    return root;
  };
  for (const [i, window] of sorted.entries()) {
    for (let j = i + 1; j < sorted.length; j++) {
      const other = sorted[j]!;
      // The windows are sorted by x, so all later ones are further away still.
      if (other.x - window.x > tolerance * Math.max(window.width, window.height)) break;
      if (isSimilar(window, other)) parents[rootOf(j)] = rootOf(i);
    }
  }
  const clusters = new Map<number, Box[]>();
  for (const [index, window] of sorted.entries()) {
    const root = rootOf(index);
    const members = clusters.get(root);
    if (members === undefined) clusters.set(root, [window]);
    else members.push(window);
  }
  return [...clusters.values()];
}

function isSimilar(a: Box, b: Box): boolean {
  const apart = tolerance * (Math.min(a.width, b.width) + Math.min(a.height, b.height)) * 0.5;
  return (
    Math.abs(a.x - b.x) <= apart &&
    Math.abs(a.y - b.y) <= apart &&
    Math.abs(a.x + a.width - b.x - b.width) <= apart &&
    Math.abs(a.y + a.height - b.y - b.height) <= apart
  );
}

function meanBox(members: readonly Box[]): Box {
  const part = Math.fround(1 / members.length);
  const mean = (side: keyof Box): number =>
    roundHalfToEven(Math.fround(members.reduce((sum, member) => sum + member[side], 0) * part));
  return { x: mean('x'), y: mean('y'), width: mean('width'), height: mean('height') };
}

/** Whether the box of `large` contains that of `small`, and `large` has more windows. */
function swallows(large: Group, small: Group): boolean {
  const [a, b] = [large.box, small.box];
  const dx = roundHalfToEven(a.width * tolerance);
  const dy = roundHalfToEven(a.height * tolerance);
  return (
    b.x >= a.x - dx &&
    b.y >= a.y - dy &&
    b.x + b.width <= a.x + a.width + dx &&
    b.y + b.height <= a.y + a.height + dy &&
    (large.size > Math.max(3, small.size) || small.size < 3)
  );
}

/** Rounds halves to even, like the processor's own instruction, which OpenCV uses. */
export function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
