// How a benchmark does beside the last figures that were kept, with the machine they belong to, in baseline.json.
// `--compare` prints a table of both instead of JSON; `--save` keeps the new ones.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { machine, print } from './statistics.mjs';

const file = fileURLToPath(new URL('./baseline.json', import.meta.url));
const flags = ['--compare', '--save'];
const given = process.argv.slice(2);

/** What the command line says beside the flags of this file. */
export const benchArguments = given.filter((argument) => !flags.includes(argument));

/** Prints a result of the benchmark `name`: `{machine, date, results, …}`. */
export function report(name, result) {
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  if (given.includes('--compare')) compare(kept[name], result);
  else print(result);
  if (!given.includes('--save')) return;
  const rounded = (_, value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value);
  writeFileSync(file, `${JSON.stringify({ ...kept, [name]: result }, rounded, 2)}\n`);
  process.stderr.write(`Kept in ${file}\n`);
}

function compare(baseline, result) {
  if (baseline === undefined) throw new Error(`${file} has no such benchmark yet: --save keeps this run.`);
  const [before, now] = [baseline, result].map(({ results }) => new Map(figures(results)));
  const rows = [...now].map(([path, value]) => {
    const old = before.get(path);
    const ratio = old === undefined || old === 0 ? '–' : (value / old).toFixed(2);
    return [path, old === undefined ? '–' : number(old), number(value), ratio];
  });
  const gone = [...before].flatMap(([path, old]) => (now.has(path) ? [] : [[path, number(old), '–', '–']]));
  const table = [['figure', 'baseline', 'now', 'ratio'], ['---', '---:', '---:', '---:'], ...rows, ...gone];
  const lines = [`Baseline: ${described(baseline)}`, `Now: ${described(result)}`, ''];
  if (!isSameMachine(baseline.machine, machine()))
    lines.unshift('These are two machines: ratios say little.');
  process.stdout.write(`${lines.join('\n')}\n${table.map((row) => `| ${row.join(' | ')} |\n`).join('')}`);
}

/** Every number of a nested result with the path to it. */
function figures(value, path = '') {
  if (typeof value === 'number') return [[path, value]];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => figures(inner, path ? `${path}, ${key}` : key));
}

function number(value) {
  return String(Number(value.toPrecision(4)));
}

function described({ machine: { cpu, cores, memoryGb, node, loadAverage }, date }) {
  const load = loadAverage.map((average) => average.toFixed(1)).join(' ');
  return `${date}, ${cpu}, ${cores} cores, ${memoryGb ?? '?'} GB, Node ${node}, load ${load}`;
}

function isSameMachine(a, b) {
  return a.cpu === b.cpu && a.cores === b.cores;
}
