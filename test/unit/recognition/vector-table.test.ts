import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NearestPeople } from '../../../src/core/nearest-people.js';
import { VectorTable } from '../../../src/recognition/vector-table.js';

interface Row {
  readonly vector: Float32Array;
  readonly person: number;
}

const floatsOf = (length: number) =>
  fc.float32Array({ minLength: length, maxLength: length, min: -1, max: 1, noNaN: true });
const tables = fc.integer({ min: 1, max: 200 }).chain((dimension) => {
  const row = fc.record({ vector: floatsOf(dimension), person: fc.integer({ min: 0, max: 9 }) });
  return fc.tuple(fc.array(row, { maxLength: 150 }), floatsOf(dimension));
});

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, index) => sum + x * b[index]!, 0);
}

function tableOf(rows: readonly Row[], dimension: number): VectorTable {
  const table = new VectorTable(dimension);
  for (const { vector, person } of rows) table.push(vector, person);
  return table;
}

function nearest(table: VectorTable, probe: Float32Array, people: number, count: number) {
  const { rows, personOfRow, memory, dimension } = table;
  const search = new NearestPeople(memory, dimension, 'mainLoop');
  return search.nearest({ probe, rows, personOfRow, people, count });
}

/** The largest product with the probe of each person, largest first. */
function bestByPerson(rows: readonly Row[], probe: Float32Array): number[] {
  const best = new Map<number, number>();
  for (const { vector, person } of rows)
    best.set(person, Math.max(best.get(person) ?? -Infinity, dot(vector, probe)));
  return [...best.values()].sort((a, b) => b - a);
}

describe('a search of a vector table', () => {
  it('finds the row of each person that has the largest product with the probe, for any dimension', () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: 1, max: 12 }), ([rows, probe], count) => {
        const found = nearest(tableOf(rows, probe.length), probe, 10, count);
        const expected = bestByPerson(rows, probe).slice(0, count);
        expect(found).toHaveLength(expected.length);
        found.forEach(({ person, row }, place) => {
          expect(rows[row]!.person).toBe(person);
          expect(Math.abs(dot(rows[row]!.vector, probe) - expected[place]!)).toBeLessThan(1e-4);
        });
      }),
    );
  });

  it('looks at every row of many, as the memory grows', () => {
    const table = new VectorTable(192);
    const vector = new Float32Array(192);
    for (let row = 0; row < 5000; row++) {
      vector[row % 192] = row + 1;
      table.push(vector, row);
      vector[row % 192] = 0;
    }
    for (const column of [0, 7, 191]) {
      const probe = new Float32Array(192);
      probe[column] = 1;
      const largest = 5000 - ((5000 - column - 1) % 192) - 1;
      expect(nearest(table, probe, 5000, 1)).toEqual([{ person: largest, row: largest }]);
    }
  });

  it('moves the last row into the place of one removed', () => {
    const table = tableOf(
      [1, 2, 3].map((x) => ({ vector: Float32Array.of(x, 0), person: x })),
      2,
    );
    table.removeRow(0);
    expect(nearest(table, Float32Array.of(1, 0), 4, 4)).toEqual([
      { person: 3, row: 0 },
      { person: 2, row: 1 },
    ]);
    expect(table.vector(0)).toEqual(Float32Array.of(3, 0));
    table.removeRow(1);
    expect(nearest(table, Float32Array.of(1, 0), 4, 4)).toEqual([{ person: 3, row: 0 }]);
  });
});
