import type { ErrorRates, GalleryFigures } from '../gallery-figures.js';
import { findingSections, type FaceImages } from './findings.js';
import { markup, Markup } from '../../../core/markup.js';
import { distanceHistogram, errorCurve, percent } from './plots.js';
import { style } from './style.js';

/**
 * The figures of a gallery as one HTML page, without scripts and without anything from elsewhere.
 *
 * @param faces pictures of faces as data: URIs, by face id; those that are missing are left out
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
