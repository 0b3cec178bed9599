// What the benchmarks share: percentiles, and the machine that figures belong to.
import { cpus, loadavg, totalmem } from 'node:os';

/** Percentiles of a list, as {p50, p95, …}. */
export function percentiles(values, wanted) {
  const sorted = values.toSorted((a, b) => a - b);
  return Object.fromEntries(
    wanted.map((p) => [`p${p}`, sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))]]),
  );
}

export function machine() {
  return {
    cpu: cpus()[0].model,
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    node: process.version,
    loadAverage: loadavg(),
  };
}

/** JSON for people: two decimals are enough. */
export function print(result) {
  const rounded = (_, value) => (typeof value === 'number' ? Number(value.toFixed(2)) : value);
  process.stdout.write(`${JSON.stringify(result, rounded, 2)}\n`);
}
