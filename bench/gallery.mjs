// How long a search of the gallery takes, on the main loop and in the search thread, beside the same in plain JavaScript;
// what a change costs; and how long a gallery takes to read. Prints JSON.
// `node bench/gallery.mjs [--compare] [--save] [FACES:NUMBERS…]`, such as 100000:192
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { benchArguments, report } from './baseline.mjs';
import { loading, plainJavaScript, searching } from './gallery-measures.mjs';
import { machine } from './statistics.mjs';

const standard = [
  '1000:192',
  '10000:192',
  '100000:192',
  '1000000:192',
  '1000:512',
  '10000:512',
  '100000:512',
];
/** Above it, writing the faces to be read takes longer than all the rest. */
const mostToLoad = 100_000;
const [first, ...others] = benchArguments;

if (first === '--one') {
  const [faces, dimension] = others[0].split(':').map(Number);
  const measured = {
    searching: await searching(faces, dimension),
    plainJavaScript: plainJavaScript(faces, dimension),
  };
  if (faces <= mostToLoad && dimension === 192) measured.loading = await loading(faces);
  process.stdout.write(JSON.stringify(measured));
} else {
  const before = machine();
  const results = {};
  for (const size of first ? [first, ...others] : standard) {
    process.stderr.write(`${size} …\n`);
    // Each in a process of its own, so that memory can be told apart.
    const script = ['--expose-gc', fileURLToPath(import.meta.url), '--one', size];
    results[size] = JSON.parse(execFileSync(process.execPath, script, { encoding: 'utf8' }));
  }
  report('gallery', {
    machine: before,
    loadAverageAfter: machine().loadAverage,
    date: new Date().toISOString(),
    photosPerPerson: 5,
    results,
  });
}
