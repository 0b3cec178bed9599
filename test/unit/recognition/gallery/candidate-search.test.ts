import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CandidateSearch } from '../../../../src/recognition/gallery/thread/candidate-search.js';
import { VectorTable } from '../../../../src/recognition/gallery/vector-table.js';
import { randomUnit } from '../../../helpers/random-faces.js';

interface Row {
  readonly vector: Float32Array;
  readonly person: number;
}

const people = 10;
const floatsOf = (length: number) =>
  fc.float32Array({ minLength: length, maxLength: length, min: -1, max: 1, noNaN: true });
const tables = fc.integer({ min: 1, max: 200 }).chain((dimension) => {
  const row = fc.record({ vector: floatsOf(dimension), person: fc.integer({ min: 0, max: people - 1 }) });
  return fc.tuple(fc.array(row, { maxLength: 150 }), floatsOf(dimension));
});

const axes = (dimension: number) =>
  fc
    .integer({ min: 0, max: dimension - 1 })
    .map((at) => Float32Array.from({ length: dimension }, (_, i) => +(i === at)));

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, index) => sum + x * b[index]!, 0);
}

function tableOf(rows: readonly Row[], dimension: number): VectorTable {
  const table = new VectorTable(dimension);
  for (const { vector, person } of rows) table.push(vector, person);
  return table;
}

function candidates(table: VectorTable, probe: Float32Array, count: number, numbers = people): number[] {
  const { rows, scaleOfRow, personOfRow, memory, dimension } = table;
  const search = new CandidateSearch(memory, dimension, 'mainLoop');
  return [...search.candidates({ probe, rows, scaleOfRow, personOfRow, people: numbers, count })];
}

/** The largest product with the probe of each person, largest first. */
function bestByPerson(rows: readonly Row[], probe: Float32Array): [person: number, product: number][] {
  const best = new Map<number, number>();
  for (const { vector, person } of rows)
    best.set(person, Math.max(best.get(person) ?? -Infinity, dot(vector, probe)));
  return [...best].sort(([, a], [, b]) => b - a);
}

describe('CandidateSearch', () => {
  it('misses no row that has the largest product of one of the nearest people, for any dimension', () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: 1, max: 12 }), ([rows, probe], count) => {
        const found = candidates(tableOf(rows, probe.length), probe, count);
        for (const [person, product] of bestByPerson(rows, probe).slice(0, count)) {
          const hits = found.filter((row) => rows[row]!.person === person);
          expect(Math.max(...hits.map((row) => dot(rows[row]!.vector, probe)))).toBe(product);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('misses none among rows more alike than rounding can tell', () => {
    const input = fc
      .integer({ min: 2, max: 8 })
      .chain((dimension) =>
        fc.tuple(
          floatsOf(dimension),
          fc.array(floatsOf(dimension), { minLength: 2, maxLength: 60 }),
          fc.oneof(floatsOf(dimension), axes(dimension)),
        ),
      );
    fc.assert(
      fc.property(input, ([centre, noise, probe]) => {
        const rows = noise.map((each, row) => {
          return { vector: each.map((value, at) => centre[at]! + value / 200), person: row % people };
        });
        const [[, product]] = bestByPerson(rows, probe) as [[number, number]];
        const found = candidates(tableOf(rows, probe.length), probe, 1);
        expect(Math.max(...found.map((row) => dot(rows[row]!.vector, probe)))).toBe(product);
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves few of many rows to look at, as the memory grows', () => {
    const rows = Array.from({ length: 6000 }, (_, row) => ({
      vector: randomUnit(192),
      person: Math.floor(row / 3),
    }));
    const table = new VectorTable(192);
    for (const { vector, person } of rows) table.push(vector, person);
    for (const { vector, person } of [rows[0]!, rows[3333]!, rows[5999]!]) {
      const found = candidates(table, vector, 1, 2000);
      expect(found.map((row) => rows[row]!.person)).toEqual([person]);
    }
    const stranger = randomUnit(192);
    const found = candidates(table, stranger, 3, 2000);
    expect(found.length).toBeLessThan(600);
    const [nearest] = bestByPerson(rows, stranger);
    expect(found.map((row) => rows[row]!.person)).toContain(nearest![0]);
  });

  it('knows a row of zeros, and a probe of zeros', () => {
    const zeros = new Float32Array(3);
    const table = tableOf(
      [
        { vector: zeros, person: 0 },
        { vector: Float32Array.of(-1, 0, 0), person: 1 },
      ],
      3,
    );
    expect(candidates(table, Float32Array.of(1, 0, 0), 1)).toEqual([0]);
    expect(candidates(table, zeros, 2)).toEqual([0, 1]);
  });
});

describe('VectorTable', () => {
  it('moves the last row into the place of one removed', () => {
    const table = tableOf(
      [1, 2, 3].map((x) => ({ vector: Float32Array.of(x, x / 7), person: x })),
      2,
    );
    table.removeRow(0);
    expect(table.rows).toBe(2);
    expect([...table.personOfRow.slice(0, 2)]).toEqual([3, 2]);
    expect(table.vector(0)).toEqual(Float32Array.of(3, 3 / 7));
    expect(candidates(table, Float32Array.of(1, 0), 1)).toEqual([0]);
    table.removeRow(1);
    expect(candidates(table, Float32Array.of(-1, 0), 4)).toEqual([0]);
  });
});
