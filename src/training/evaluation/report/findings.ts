import type { GalleryFigures } from '../gallery-figures.js';
import type { PhotoPair, PhotoRef } from '../gallery-pairs.js';
import { comparedWith, type LookAlikes, type PersonThreshold, type Suspect } from '../photo-findings.js';
import { markup, type Markup } from '../../../core/markup.js';
import { percent } from './plots.js';

/** Pictures of faces as data: URIs, by face id. */
export type FaceImages = ReadonlyMap<string, string>;

/** The most rows of each table; the JSON output has all of them. */
const mostRows = 25;

/** The ids of the faces that the report's tables show. */
export function facesShown({ lookAlikes, suspects, duplicates, poor }: GalleryFigures): string[] {
  const first = <T>(rows: readonly T[]): readonly T[] => rows.slice(0, mostRows);
  const photos = [
    ...first(lookAlikes).flatMap(({ pair }) => pair.photos),
    ...first(suspects).flatMap((suspect) => [suspect.photo, comparedWith(suspect)]),
    ...first(duplicates).flatMap((pair) => pair.photos),
    ...first(poor),
  ];
  return [...new Set(photos.map(({ faceId }) => faceId))];
}

/** The report's sections for people who look alike and photos that may cause errors. */
export function findingSections(figures: GalleryFigures, faces: FaceImages): Markup {
  const { lookAlikes, personThresholds, suspects, duplicates, poor, pairs, photos } = figures;
  const row = ({ photos: [first, second] }: PhotoPair, last: Markup): Markup =>
    markup`<td>${face(first, faces)}</td><td>${face(second, faces)}</td>${last}`;
  return markup`${section({
    title: 'People who look alike',
    caption: 'Nearest photos of two people, near enough for one to be named as the other',
    columns: ['one', 'the other', 'distance'],
    rows: lookAlikes.map((alike) => row(alike.pair, apart(alike, personThresholds))),
    measurable: pairs.impostor > 0,
  })}${section({
    title: 'Photos that look mislabelled',
    caption: 'Nearer to somebody else, or far from the other photos of their person',
    columns: ['photo', 'compared with', 'nearest'],
    rows: suspects.map((suspect) => suspectRow(suspect, faces)),
    measurable: pairs.genuine > 0,
  })}${section({
    title: 'Photos nearly alike',
    caption: 'The second one adds little, unless the names differ: then one of them is wrong',
    columns: ['one', 'the other', 'distance'],
    rows: duplicates.map((pair) => row(pair, number(pair.distance.toFixed(3)))),
    measurable: pairs.genuine + pairs.impostor > 0,
  })}${section({
    title: 'Poor photos',
    caption: 'Small, turned, blurred or badly lit; better ones make recognition surer',
    columns: ['photo', 'quality'],
    rows: poor.map((photo) => markup`<td>${face(photo, faces)}</td>${number(photo.quality.toFixed(2))}`),
    measurable: photos > 0,
  })}`;
}

interface Section {
  readonly title: string;
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly Markup[];
  /** Whether there are enough photos to find any. */
  readonly measurable: boolean;
}

function section({ title, caption, columns, rows, measurable }: Section): Markup {
  const none = measurable ? 'None found.' : 'Too few photos to tell.';
  if (rows.length === 0) return markup`<h2>${title}</h2><p class="muted">${none}</p>`;
  const left = rows.length - mostRows;
  return markup`<h2>${title}</h2>
<div class="scroll"><table><caption>${caption}</caption>
<thead><tr>${columns.map((column) => markup`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.slice(0, mostRows).map((row) => markup`<tr>${row}</tr>`)}</tbody></table></div>
${left > 0 ? markup`<p class="muted">And ${left} more; <code>--json</code> lists them all.</p>` : markup``}`;
}

/** A table cell with the distance of two people, and the thresholds that keep them apart. */
function apart({ pair, doubtful }: LookAlikes, thresholds: readonly PersonThreshold[]): Markup {
  const ids = pair.photos.map(({ person }) => person.id);
  const own = thresholds.filter(({ person, nearest }) => ids.includes(person.id) && ids.includes(nearest.id));
  const remark = doubtful
    ? [markup`One of these photos may be under a wrong name.`]
    : own.map(({ person, threshold, tar }) => {
        const kept = tar === null ? '' : `: keeps ${percent(tar)} of their own pairs`;
        return markup`${name(person.name)} at ${threshold}${kept}<br>`;
      });
  return markup`<td>${pair.distance.toFixed(3)}<small>${remark}</small></td>`;
}

function suspectRow(suspect: Suspect, faces: FaceImages): Markup {
  const { photo, own, other } = suspect;
  const distances = markup`own ${own.distance.toFixed(3)}<br>other ${other ? other.distance.toFixed(3) : 'nobody'}`;
  return markup`<td>${face(photo, faces)}</td><td>${face(comparedWith(suspect), faces)}</td><td class="number">${distances}</td>`;
}

function face({ faceId, photoName, person }: PhotoRef, faces: FaceImages): Markup {
  const picture = faces.get(faceId);
  const image =
    picture === undefined ? markup`` : markup`<img src="${picture}" alt="Face of ${person.name}">`;
  return markup`<div class="face">${image}<span>${name(person.name)}<small dir="auto">${photoName}</small></span></div>`;
}

function name(text: string): Markup {
  return markup`<bdi>${text}</bdi>`;
}

function number(text: string): Markup {
  return markup`<td class="number">${text}</td>`;
}
