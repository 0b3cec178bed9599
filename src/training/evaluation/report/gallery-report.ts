import { markup, Markup } from '../../../core/markup.js';
import type { ErrorRates, GalleryFigures } from '../gallery-figures.js';
import { findingSections, type FaceImages } from './findings.js';
import { distanceHistogram, errorCurve, percent } from './plots.js';

/**
 * The figures of a gallery as one self-contained HTML page without scripts or external resources.
 *
 * @param faces pictures of faces as data: URIs, by face id; faces without a picture are shown by name only
 */
export function galleryReport(figures: GalleryFigures, faces: FaceImages, madeAt: Date): string {
  const { people, photos, embedder, notes, pairs } = figures;
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Sightline: how well the gallery can be told apart</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
<h1>How well the gallery can be told apart</h1>
<p class="muted">People: ${people}, photos: ${photos}, embedder: ${embedder.id} version ${embedder.version}; ${madeAt.toISOString().slice(0, 16).replace('T', ' ')} UTC. This page shows faces and names: keep it where your photos are.</p>
${notes.map((note) => markup`<p class="note">${note}</p>`)}
${pairs.genuine + pairs.impostor > 0 ? plots(figures) : markup``}
${thresholds(figures)}
${findingSections(figures, faces)}
</main>
</body>
</html>
`;
  return page.text;
}

function plots(figures: GalleryFigures): Markup {
  const { pairs, eer, auc } = figures;
  const separation =
    eer === null || auc === null
      ? markup``
      : markup`<p>Equal error rate ${percent(eer)}; area under the curve ${auc.toFixed(4)}.</p>`;
  return markup`<h2>Distances</h2>
<p class="legend"><span><span class="key genuine"></span>one person (${pairs.genuine} pairs), false rejects</span> <span><span class="key impostor"></span>two people (${pairs.impostor} pairs), false accepts</span></p>
<div class="plots">
<figure><figcaption>Distances of two photos</figcaption>${distanceHistogram(figures)}</figure>
<figure><figcaption>Error rates by threshold</figcaption>${errorCurve(figures)}</figure>
</div>
<p class="muted">The less the two shapes overlap, the better. Pairs share photos, so they count for less than as many independent ones; photos nearly alike make one person look easier to recognise than they are.</p>
${separation}`;
}

function thresholds({ current, suggestion }: GalleryFigures): Markup {
  const row = (name: string, { threshold, far, frr }: ErrorRates): Markup =>
    markup`<tr><th scope="row">${name}</th><td class="number">${threshold}</td><td class="number">${share(far)}</td><td class="number">${share(frr)}</td></tr>`;
  return markup`<h2>Threshold</h2>
<div class="scroll"><table>
<caption>The largest distance at which a face is named, and what it does on this gallery</caption>
<thead><tr><th scope="col"></th><th scope="col">threshold</th><th scope="col">false accepts</th><th scope="col">false rejects</th></tr></thead>
<tbody>${row('in use', current)}${row(`suggested for ${suggestion.wantedFar}`, suggestion)}</tbody>
</table></div>
<p>${suggestion.why}</p>
<p class="muted">Set it as <code>recognition.threshold</code>.</p>`;
}

function share(rate: number | null): string {
  return rate === null ? 'not measurable' : percent(rate);
}

/**
 * The report's style sheet, for light and dark mode. Blue and orange can be told apart with any kind of colour
 * blindness (M. Okabe, K. Ito, "Color universal design", 2008), and lines also differ by their dashes.
 */
const style = `
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fff; --muted: #595959; --rule: #d6d6d6; --genuine: #0072b2; --impostor: #c44e00; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --paper: #17191c; --muted: #b0b0b0; --rule: #3d4045; --genuine: #56b4e9; --impostor: #e69f00; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 66rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: .5rem 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { margin: .5rem 0; max-width: 44rem; }
.muted { color: var(--muted); }
.note { border-inline-start: 4px solid var(--impostor); padding-inline-start: .75rem; }
.plots { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
figure { margin: 0; }
figcaption { font-weight: 600; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 11px; fill: var(--ink); }
svg .grid { stroke: var(--rule); fill: none; }
svg .mark { stroke: var(--ink); stroke-width: 1.5; }
svg .mark-1 { stroke-dasharray: 4 3; }
svg .genuine { stroke: var(--genuine); fill: var(--genuine); fill-opacity: .25; stroke-width: 1.5; }
svg .impostor { stroke: var(--impostor); fill: var(--impostor); fill-opacity: .2; stroke-width: 1.5; stroke-dasharray: 5 2; }
svg .line { fill: none; stroke-width: 2; }
.key { display: inline-block; width: 1.6rem; vertical-align: middle; border-top: 3px solid; margin-inline-end: .4rem; }
.key.genuine { border-color: var(--genuine); }
.key.impostor { border-color: var(--impostor); border-top-style: dashed; }
.legend > span { display: inline-block; margin-inline-end: 1.5rem; }
table { border-collapse: collapse; width: 100%; }
.scroll { overflow-x: auto; }
caption { text-align: start; color: var(--muted); }
th, td { text-align: start; vertical-align: top; padding: .4rem .9rem .4rem 0; border-top: 1px solid var(--rule); }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
.face { display: flex; gap: .6rem; align-items: center; min-width: 9rem; }
.face img { width: 56px; height: 56px; object-fit: cover; border-radius: 6px; flex: none; background: var(--rule); }
.face span { overflow-wrap: anywhere; }
td small { display: block; color: var(--muted); }
@media (max-width: 40rem) {
  table { font-size: .85rem; }
  th, td { padding-inline-end: .5rem; }
  .face { flex-direction: column; align-items: start; gap: .2rem; min-width: 5.2rem; }
}
`;
