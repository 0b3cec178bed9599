/** A row and a column that belong together. */
export type Pair = readonly [row: number, column: number];

/**
 * Pairs rows with columns one to one, as many as allowed, so that the sum of their costs is as small as possible.
 * A cost of Infinity forbids a pair; more allowed pairs always win over a smaller sum.
 *
 * Shortest augmenting paths with potentials, O(rows² · columns) for rows ≤ columns:
 * R. Jonker and A. Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment
 * problems", Computing 38 (1987).
 *
 * @param cost one array per row, all of equal length; finite numbers or Infinity
 * @returns pairs in order of their rows
 */
export function assign(cost: readonly (readonly number[])[]): Pair[] {
  const columns = cost[0]?.length ?? 0;
  if (columns === 0) return [];
  if (cost.length > columns) {
    const flipped = assign(Array.from({ length: columns }, (_, column) => cost.map((row) => row[column]!)));
    return flipped.map(([column, row]): Pair => [row, column]).sort((a, b) => a[0] - b[0]);
  }
  const rowOfColumn = matchEveryRow(withFiniteCosts(cost), columns);
  return rowOfColumn
    .map((row, column): Pair => [row, column])
    .filter(([row, column]) => row >= 0 && cost[row]![column]! < Infinity)
    .sort((a, b) => a[0] - b[0]);
}

/** Costs shifted to start at 0; a forbidden pair costs more than all allowed ones together could save. */
function withFiniteCosts(cost: readonly (readonly number[])[]): number[][] {
  const finite = cost.flat().filter((value) => value < Infinity);
  const lowest = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const highest = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  const forbidden = finite.length === 0 ? 1 : (highest - lowest) * cost.length + 1;
  return cost.map((row) => row.map((value) => (value < Infinity ? value - lowest : forbidden)));
}

/** The state of the search: reduced costs are cost − rowPotential − columnPotential, never negative. */
interface Matching {
  readonly cost: readonly (readonly number[])[];
  readonly rowPotential: number[];
  readonly columnPotential: number[];
  /** −1 for a free column. */
  readonly rowOfColumn: number[];
}

/** The row given to each column, or −1; every row gets one. Needs at least as many columns as rows. */
function matchEveryRow(cost: readonly (readonly number[])[], columns: number): number[] {
  const matching: Matching = {
    cost,
    rowPotential: new Array<number>(cost.length).fill(0),
    columnPotential: new Array<number>(columns).fill(0),
    rowOfColumn: new Array<number>(columns).fill(-1),
  };
  for (let row = 0; row < cost.length; row++) {
    const { freeColumn, previous } = searchFreeColumn(matching, row);
    augment(matching.rowOfColumn, row, freeColumn, previous);
  }
  return matching.rowOfColumn;
}

/** Dijkstra from a row, along alternating paths, to the nearest free column; keeps the potentials in step. */
function searchFreeColumn(matching: Matching, start: number): { freeColumn: number; previous: number[] } {
  const { cost, rowPotential, columnPotential, rowOfColumn } = matching;
  const distance = columnPotential.map(() => Infinity);
  const previous = columnPotential.map(() => -1);
  const settled = new Set<number>();
  let row = start;
  let reached = 0;
  let nearest = -1;
  do {
    if (nearest >= 0) {
      settled.add(nearest);
      row = rowOfColumn[nearest]!;
    }
    const from = nearest;
    nearest = -1;
    for (let column = 0; column < distance.length; column++) {
      if (settled.has(column)) continue;
      const through = reached + cost[row]![column]! - rowPotential[row]! - columnPotential[column]!;
      if (through < distance[column]!) {
        distance[column] = through;
        previous[column] = from;
      }
      if (nearest < 0 || distance[column]! < distance[nearest]!) nearest = column;
    }
    reached = distance[nearest]!;
  } while (rowOfColumn[nearest]! >= 0);
  rowPotential[start]! += reached;
  for (const column of settled) {
    rowPotential[rowOfColumn[column]!]! += reached - distance[column]!;
    columnPotential[column]! -= reached - distance[column]!;
  }
  return { freeColumn: nearest, previous };
}

/** Shifts the rows along the path found by one column each, which frees a column for the row that it began at. */
function augment(
  rowOfColumn: number[],
  start: number,
  freeColumn: number,
  previous: readonly number[],
): void {
  for (let column = freeColumn; column >= 0; column = previous[column]!) {
    const before = previous[column]!;
    rowOfColumn[column] = before < 0 ? start : rowOfColumn[before]!;
  }
}
