import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parityFolder } from './prerequisites.js';
import type { Parameter } from './pytorch-file.js';

/** The 602 parameters of InceptionResnetV1, made by the formula of the folder's README. */
export function formulaParameters(): Parameter[] {
  const listed = readParityJson('state-dict.json') as { name: string; shape: number[] }[];
  return listed.map(({ name, shape }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return { name, shape, data: new Float32Array(noise(name, count).map(scaleOf(name, shape))) };
  });
}

function scaleOf(name: string, shape: readonly number[]): (z: number) => number {
  if (name.endsWith('.running_var')) return (z) => 1 + 0.4 * z;
  if (name.endsWith('.running_mean')) return (z) => 0.2 * z;
  if (shape.length >= 2) {
    const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
    return (z) => z * Math.sqrt(12) * Math.sqrt(2 / fanIn);
  }
  if (/(^|\.)(last_)?bn\.weight$/.test(name)) return (z) => 1 + 0.2 * z;
  return (z) => 0.2 * z;
}

/** −0.5 … 0.5, by a hash of the index and the name. */
export function noise(name: string, count: number): Float64Array {
  let seed = 2_166_136_261;
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 16_777_619);
  return new Float64Array(count).map((_, index) => {
    let hash = (Math.imul(index, 2_654_435_761) + seed) >>> 0;
    hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_519);
    hash ^= hash >>> 13;
    return (hash >>> 0) / 2 ** 32 - 0.5;
  });
}

export function readParityJson(path: string): unknown {
  return JSON.parse(readFileSync(join(parityFolder, path), 'utf8'));
}
