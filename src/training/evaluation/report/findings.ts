import type { GalleryFigures } from '../gallery-figures.js';
import type { PhotoRef } from '../gallery-pairs.js';
import type { LookAlikes, PersonThreshold } from '../look-alikes.js';
import { comparedWith, type Suspect } from '../photo-findings.js';
import { markup, type Markup } from './markup.js';
import { percent } from './plots.js';

/** Pictures of faces as data: URIs, by face id. */
export type FaceImages = ReadonlyMap<string, string>;

/** Rows of each table; the rest is in the JSON. */
const mostRows = 25;

/** The faces that the report's tables show. */
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

/** What the user may want to look at: people who look alike, and photos that stand in the way. */
export function findingSections(figures: GalleryFigures, faces: FaceImages): Markup {
  const { lookAlikes, personThresholds, suspects, duplicates, poor } = figures;
  return markup`${section(
    'People who look alike',
    'Nearest photos of two people, near enough for one to be named as the other',
    ['one', 'the other', 'distance'],
    lookAlikes.map((alike) => lookAlikeRow(alike, personThresholds, faces)),
  )}${section(
    'Photos that look mislabelled',
    'Nearer to somebody else, or far from the other photos of their person',
    ['photo', 'compared with', 'nearest'],
    suspects.map((suspect) => suspectRow(suspect, faces)),
  )}${section(
    'Photos nearly alike',
    'The second one adds little, unless the names differ: then one of them is wrong',
    ['one', 'the other', 'distance'],
    duplicates.map(
      ({ photos: [first, second], distance }) =>
        markup`<td>${face(first, faces)}</td><td>${face(second, faces)}</td>${number(distance.toFixed(3))}`,
    ),
  )}${section(
    'Poor photos',
    'Small, turned, blurred or badly lit; better ones make recognition surer',
    ['photo', 'quality'],
    poor.map((photo) => markup`<td>${face(photo, faces)}</td>${number(photo.quality.toFixed(2))}`),
  )}`;
}

function section(
  title: string,
  caption: string,
  columns: readonly string[],
  rows: readonly Markup[],
): Markup {
  if (rows.length === 0) return markup`<h2>${title}</h2><p class="muted">None found.</p>`;
  const left = rows.length - mostRows;
  return markup`<h2>${title}</h2>
<div class="scroll"><table><caption>${caption}</caption>
<thead><tr>${columns.map((name) => markup`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.slice(0, mostRows).map((row) => markup`<tr>${row}</tr>`)}</tbody></table></div>
${left > 0 ? markup`<p class="muted">And ${left} more; <code>--json</code> lists them all.</p>` : markup``}`;
}

function lookAlikeRow(
  { pair, doubtful }: LookAlikes,
  thresholds: readonly PersonThreshold[],
  faces: FaceImages,
): Markup {
  const ids = pair.photos.map(({ person }) => person.id);
  const own = thresholds.filter(({ person, nearest }) => ids.includes(person.id) && ids.includes(nearest.id));
  const remark = doubtful
    ? [markup`One of these photos may be under a wrong name.`]
    : own.map(
        ({ person, threshold, tar }) =>
          markup`${name(person.name)} at ${threshold}${tar === null ? '' : `: keeps ${percent(tar)} of their own pairs`}<br>`,
      );
  const [first, second] = pair.photos;
  return markup`<td>${face(first, faces)}</td><td>${face(second, faces)}</td><td>${pair.distance.toFixed(3)}<small>${remark}</small></td>`;
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
