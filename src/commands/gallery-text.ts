import type { ErrorRates, GalleryFigures } from '../training/evaluation/gallery-figures.js';
import type { PhotoRef } from '../training/evaluation/gallery-pairs.js';
import { percent, rates } from '../training/evaluation/report/plots.js';
import { figureTable } from './table.js';

/** Findings of each kind that are printed; the rest is in the JSON and the report. */
const mostLines = 10;

/** The figures of a gallery for a terminal. */
export function describeGallery(figures: GalleryFigures): string {
  const { people, photos, pairs, eer, auc, current, suggestion, notes } = figures;
  const rows: [string, string][] = [
    ['people', String(people)],
    ['photos', String(photos)],
    ['pairs', `${pairs.genuine} of one person, ${pairs.impostor} of two`],
    ['equal error rate', eer === null ? 'not measurable' : percent(eer)],
    ['area under the curve', auc === null ? 'not measurable' : auc.toFixed(4)],
    ['threshold in use', threshold(current)],
    [`suggested for ${suggestion.wantedFar}`, threshold(suggestion)],
  ];
  return [
    figureTable(rows),
    `${suggestion.why}\n`,
    ...notes.map((note) => `${note}\n`),
    findings('People who look alike', lookAlikes(figures)),
    findings('Thresholds that keep them apart', thresholdsApart(figures)),
    findings('Photos that look mislabelled', suspects(figures)),
    findings('Photos nearly alike', duplicates(figures)),
    findings(
      'Poor photos',
      figures.poor.map((photo) => `${label(photo)}: quality ${photo.quality.toFixed(2)}`),
    ),
  ].join('');
}

function threshold(at: ErrorRates): string {
  return `${at.threshold}: ${rates(at)}`;
}

function lookAlikes({ lookAlikes: alike }: GalleryFigures): string[] {
  return alike.map(({ pair: { photos, distance }, doubtful }) => {
    const [first, second] = photos.map(({ person }) => person.name);
    const doubt = doubtful ? ', but one of the photos may be under a wrong name' : '';
    return `${first} and ${second} at distance ${distance.toFixed(3)}${doubt}`;
  });
}

function thresholdsApart({ personThresholds }: GalleryFigures): string[] {
  return personThresholds.map(({ person, threshold: at, nearest, tar }) => {
    const kept = tar === null ? '' : `, which accepts ${percent(tar)} of their own pairs`;
    return `${person.name}, from ${nearest.name}: ${at}${kept}`;
  });
}

function suspects({ suspects: found }: GalleryFigures): string[] {
  return found.map(({ photo, own, other, reason }) => {
    const ownDistance = `their nearest own photo is at ${own.distance.toFixed(3)}`;
    return reason === 'looks-like-other' && other
      ? `${label(photo)}: ${label(other.photo)} is at ${other.distance.toFixed(3)}, ${ownDistance}`
      : `${label(photo)}: near to nobody, ${ownDistance}`;
  });
}

function duplicates({ duplicates: found }: GalleryFigures): string[] {
  return found.map(({ photos: [first, second], distance }) => {
    const names = first.person.id === second.person.id ? '' : ', under two names';
    return `${label(first)} and ${label(second)} at ${distance.toFixed(3)}${names}`;
  });
}

function findings(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const left = lines.length - mostLines;
  const more = left > 0 ? [`and ${left} more`] : [];
  return `\n${title}\n${[...lines.slice(0, mostLines), ...more].map((line) => `  ${line}\n`).join('')}`;
}

function label({ person, photoName }: PhotoRef): string {
  return `${person.name} (${photoName})`;
}
