import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import sharp from 'sharp';
import { projectedChoice } from '../app/embedder-choice.js';
import { openStore } from '../app/open-store.js';
import { alignFace } from '../recognition/embedding/align.js';
import { SightlineError } from '../core/errors.js';
import type { EmbeddingStore, PeopleStore } from '../core/people-store.js';
import type { ProjectionHead } from '../core/heads.js';
import { rulesFor } from '../recognition/decision/decision.js';
import { calibrationFor } from '../services/calibration.js';
import type { EmbedderSpec } from '../recognition/embedding/embedder-specs.js';
import { unprojected } from '../recognition/heads/projection.js';
import { decodeCrop } from '../recognition/embedding/crop.js';
import { galleryFigures, type GalleryFigures } from '../training/evaluation/gallery-figures.js';
import type { EmbeddedPhoto, PhotoRef } from '../training/evaluation/gallery-pairs.js';
import { facesShown } from '../training/evaluation/report/findings.js';
import { galleryReport } from '../training/evaluation/report/gallery-report.js';
import { Embedders } from '../recognition/embedding/embedders.js';
import { unwritable } from './face-drawing.js';
import { describeGallery } from './gallery-text.js';
import { configFrom, numberOrText, withOptions, type SharedOptions } from './options.js';
import { showProgress } from './progress-line.js';
import { tellMisfit } from './unfit-heads.js';

interface EvaluateGalleryOptions extends SharedOptions {
  readonly far: number | string;
  readonly html?: string;
  readonly json?: boolean;
}

/** `sightline evaluate gallery` */
export function evaluateGalleryCommand(): Command {
  const command = new Command('gallery')
    .description(
      'Say how well the people of the gallery can be told apart, and which photos stand in the way',
    )
    .option(
      '--far <rate>',
      'wanted false-accept rate, for which a threshold is suggested',
      numberOrText,
      1e-4,
    )
    .option('--json', 'print the figures as JSON')
    .option('--html <file>', 'write a report with plots and faces, for this machine only');
  withOptions(command, ['embedder', 'config', 'data']);
  return command.action(evaluateGallery);
}

async function evaluateGallery(options: EvaluateGalleryOptions): Promise<void> {
  const wantedFar = requireRate(options.far);
  const config = await configFrom(options);
  const store = await openStore(config.data, { create: false });
  try {
    const embedders = await Embedders.read(store.settings);
    const { spec, thresholds, projection } = await projectedChoice(
      config,
      embedders,
      store.heads,
      tellMisfit,
    );
    const calibration = await calibrationFor(config, store.settings);
    const photos = await readPhotos(store.people, spec);
    const { threshold, calibratedOn } = rulesFor(spec, { ...thresholds, calibration }, photos.length);
    const scale = projection === null ? null : await store.heads.load('projection');
    const compared = withCalibration(compare(photos, spec, toThousandth(threshold), wantedFar), calibratedOn);
    const figures = withScale(compared, scale);
    const { html: path } = options;
    if (path !== undefined) await writeReport(path, figures, store.embeddings);
    process.stdout.write(
      options.json === true ? `${JSON.stringify(figures, null, 2)}\n` : describeGallery(figures),
    );
    if (path !== undefined && options.json !== true) process.stdout.write(`The report is at ${path}\n`);
  } finally {
    await store.close();
  }
}

function requireRate(value: number | string): number {
  if (typeof value === 'number' && value > 0 && value < 1) return value;
  throw new SightlineError('USAGE', `Expected --far above 0 and below 1, but received ${value}.`);
}

/** Every photo that the embedder can compare, by person. */
export async function readPhotos(
  store: PeopleStore,
  { model }: Pick<EmbedderSpec, 'model'>,
): Promise<EmbeddedPhoto[]> {
  const photos = new Map<string, PhotoRef>();
  for (const person of await store.persons()) {
    for (const { id, photoName, quality, setAside } of await store.faces(person.id))
      if (setAside === null)
        photos.set(id, { faceId: id, photoName, quality, person: { id: person.id, name: person.name } });
  }
  const embedded: EmbeddedPhoto[] = [];
  for await (const entries of store.entries(model)) {
    for (const { faceId, vector } of entries) {
      const photo = photos.get(faceId);
      if (photo) embedded.push({ photo, vector });
    }
  }
  warnOfOthers(photos.size - embedded.length, model.id);
  return embedded;
}

function warnOfOthers(count: number, embedder: string): void {
  if (count > 0)
    process.stderr.write(`${count} photos are left out: they have no embedding of ${embedder}.\n`);
}

function compare(
  photos: readonly EmbeddedPhoto[],
  spec: EmbedderSpec,
  threshold: number,
  wantedFar: number,
): GalleryFigures {
  try {
    return galleryFigures(photos, {
      spec,
      threshold,
      wantedFar,
      onPhoto: (done) => showProgress(`${done} of ${photos.length} photos`),
    });
  } finally {
    showProgress('');
  }
}

/** Distances are counted so finely, and nobody reads more. */
function toThousandth(distance: number): number {
  return Math.round(distance * 1000) / 1000;
}

/** The figures with a note on what the threshold in use is calibrated on. */
function withCalibration(figures: GalleryFigures, calibratedOn: number | null): GalleryFigures {
  if (calibratedOn === null) return figures;
  const note = `The threshold in use is calibrated on ${calibratedOn} unknown people that the cameras have seen.`;
  return { ...figures, notes: [...figures.notes, note] };
}

/** The figures with a note on which distances they are of, where a projection is on. */
function withScale(figures: GalleryFigures, projection: ProjectionHead | null): GalleryFigures {
  if (projection === null) return figures;
  const configured = toThousandth(unprojected(figures.suggestion.threshold, projection));
  const note =
    'A projection is on. Distances are those behind it, but recognition.threshold counts without it: for the suggested ' +
    `threshold set ${configured}.`;
  return { ...figures, notes: [...figures.notes, note] };
}

/** Only its owner may read it: it shows faces. */
async function writeReport(path: string, figures: GalleryFigures, store: EmbeddingStore): Promise<void> {
  const faces = new Map<string, string>();
  for (const faceId of facesShown(figures)) {
    const picture = await faceImage(store, faceId);
    if (picture !== undefined) faces.set(faceId, picture);
  }
  await writeFile(path, galleryReport(figures, faces, new Date()), { mode: 0o600 }).catch(
    (error: unknown) => {
      throw unwritable(path, error);
    },
  );
}

/** A stored face, aligned, as a data: URI. */
async function faceImage(store: EmbeddingStore, faceId: string): Promise<string | undefined> {
  const stored = await store.crop(faceId);
  if (stored === undefined) return undefined;
  const crop = await decodeCrop(stored);
  const { width, height, data } = alignFace(crop, crop.landmarks);
  const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 85 })
    .toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}
