// The result of bench/detection.mjs as the table of docs/benchmarks.md:
// `npm run --silent bench:detection | node bench/detection-table.mjs`
import { text } from 'node:stream/consumers';

const { machine, loadAverageAfter, date, clip, frames, results, peers, timesAsFastAsFaceApi } = JSON.parse(
  await text(process.stdin),
);
const number = (value) => value.toFixed(value < 10 ? 1 : 0);
const times = ({ ms }) => `${number(ms.p50)} / ${number(ms.p95)}`;
const once = (value) => value.toFixed(1);

const rows = [
  ['detector', 'size', 'still', 'video', 'longest slice, still', 'video', 'faces, still', 'video'],
  Array(8).fill('---'),
];
for (const [name, bySize] of Object.entries(results)) {
  for (const [size, { still, video }] of Object.entries(bySize)) {
    const slices = [still, video].map(({ loopSliceMs }) => number(loopSliceMs.max));
    rows.push([
      name,
      size,
      times(still),
      times(video),
      ...slices,
      ...[still, video].map((each) => once(each.facesPerFrame)),
    ]);
  }
}
for (const [name, { results: bySize = {}, skipped }] of Object.entries(peers)) {
  if (skipped) rows.push([name, skipped, ...Array(6).fill('')]);
  for (const [size, peer] of Object.entries(bySize)) {
    rows.push([name, size, times(peer), '', '', '', once(peer.facesPerFrame), '']);
  }
}
console.log(
  `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load average ${machine.loadAverage[0]} before and`,
);
console.log(
  `${loadAverageAfter[0]} after, ${date.slice(0, 10)}; ${frames} frames of ${clip}. Milliseconds a frame, p50 / p95.\n`,
);
console.log(rows.map((row) => `| ${row.join(' | ')} |`).join('\n'));
for (const [name, { still, video }] of Object.entries(timesAsFastAsFaceApi ?? {})) {
  console.log(
    `${name}, 1080p: ${once(still)} times as fast as face-api's SSD, ${once(video)} times in video`,
  );
}
