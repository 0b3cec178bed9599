import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Command } from 'commander';
import { SightlineError } from '../core/errors.js';
import type { FaceDetector } from '../detection/face-detector.js';
import type { Point } from '../core/geometry.js';
import type { RgbImage } from '../core/image.js';
import { readImage } from '../ingest/still-image.js';
import {
  detectionFigures,
  type DetectionFigures,
  type HeightBand,
  type SearchedPicture,
} from '../training/evaluation/detection-figures.js';
import { laidOnGrey, placedFace, shrunkPicture } from '../training/evaluation/resized-pictures.js';
import { parseTruth, type LabelledFace, type LabelledPicture } from '../training/evaluation/truth.js';
import { watchPicture } from './show-as-video.js';
import { figureTable, table } from './table.js';
import { numberOrText } from './options.js';
import { photoLimits } from './photos.js';
import { showProgress } from './progress-line.js';
import { requirePictures } from './require-pictures.js';
import { detectorConfig, openDetector, withDetectorOptions, type DetectorOptions } from './still-detector.js';

interface EvaluateDetectionOptions extends DetectorOptions {
  readonly images: string;
  readonly truth: string;
  readonly iou: number | string;
  readonly shrink: string;
  readonly canvas?: string;
  readonly frames?: number | string;
  readonly rate: number | string;
  readonly json?: boolean;
}

/** How the detector is judged. */
interface Protocol {
  readonly iou: number;
  /** By how much each picture is scaled down; 1 for as it is. */
  readonly shrink: readonly number[];
  /** Size in pixels of the grey picture in which each picture is shown; null for none. */
  readonly canvas: { readonly width: number; readonly height: number } | null;
  /** How many frames of video each picture is shown for, and how many there are a second; null for still pictures. */
  readonly video: { readonly frames: number; readonly rate: number } | null;
}

/** What `--json` prints. */
interface DetectionReport extends DetectionFigures, Protocol {
  readonly detector: string;
  /** How long the search of a picture, or of a frame of it, took, in milliseconds, without reading the file. */
  readonly medianMs: number;
  /** In how many frames a face was found, of those found; null for still pictures, and if no face was found. */
  readonly framesUntilFound: { readonly median: number; readonly p95: number } | null;
}

/** `sightline evaluate detection` */
export function evaluateDetectionCommand(): Command {
  const detection = new Command('detection')
    .description('Hold a detector against pictures on which all faces are known')
    .requiredOption('--images <dir>', 'folder of the pictures')
    .requiredOption('--truth <file>', 'where the faces are: JSON rows as of FDDB, or the text of WIDER FACE')
    .option('--iou <overlap>', 'least intersection over union of a hit', numberOrText, 0.5)
    .option(
      '--shrink <factors>',
      'judge each picture scaled down by each of these factors, such as 1,2,4, to have small faces',
      '1',
    )
    .option(
      '--canvas <size>',
      'show each picture in the middle of a grey one of this size, such as 1920x1080, as faces far from a camera',
    )
    .option(
      '--frames <count>',
      'show each picture as so many frames of video and judge the search that cameras use',
      numberOrText,
    )
    .option('--rate <fps>', 'with --frames: frames a second', numberOrText, 10)
    .option('--json', 'print the figures as JSON');
  return withDetectorOptions(detection).action(evaluateDetection);
}

async function evaluateDetection(options: EvaluateDetectionOptions): Promise<void> {
  const protocol = readProtocol(options);
  const config = await detectorConfig(options);
  const truth = await readTruth(options.truth);
  await requirePictures(
    options.images,
    truth.map(({ path }) => path),
  );
  const detector = await openDetector(config);
  try {
    const searched = await searchAll(detector, options.images, truth, protocol);
    const report = { detector: detector.kind, ...protocol, ...figures(searched, protocol) };
    process.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : asText(report));
  } finally {
    await detector.close();
  }
}

function readProtocol({ iou, shrink, canvas, frames, rate }: EvaluateDetectionOptions): Protocol {
  const factors = shrink.split(',').map(numberOrText);
  return {
    iou: requireNumber('--iou above 0 and up to 1', iou, (value) => value > 0 && value <= 1),
    shrink: factors.map((factor) =>
      requireNumber('--shrink with factors of 1 to 100', factor, (value) => value >= 1 && value <= 100),
    ),
    canvas: canvas === undefined ? null : requireSize(canvas),
    video:
      frames === undefined
        ? null
        : {
            frames: requireNumber('--frames of 1 to 1000', frames, (value) => value >= 1 && value <= 1000),
            rate: requireNumber('--rate above 0 and up to 120', rate, (value) => value > 0 && value <= 120),
          },
  };
}

function requireSize(canvas: string): { width: number; height: number } {
  const [, width, height] = /^(\d{2,4})x(\d{2,4})$/.exec(canvas) ?? [];
  if (width !== undefined && height !== undefined) return { width: Number(width), height: Number(height) };
  throw new SightlineError('USAGE', `Expected --canvas such as 1920x1080, but received ${canvas}.`);
}

function requireNumber(
  expected: string,
  value: number | string,
  isValid: (value: number) => boolean,
): number {
  if (typeof value === 'number' && isValid(value)) return value;
  throw new SightlineError('USAGE', `Expected ${expected}, but received ${value}.`);
}

async function readTruth(path: string): Promise<LabelledPicture[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new SightlineError('TRUTH_UNREADABLE', `Expected to read ${path}: ${(error as Error).message}.`);
  });
  return parseTruth(text);
}

/** What was found in one picture at one size. */
interface Searched extends SearchedPicture {
  readonly times: readonly number[];
  readonly framesUntilFound: readonly number[];
}

async function searchAll(
  detector: FaceDetector,
  folder: string,
  truth: readonly LabelledPicture[],
  protocol: Protocol,
): Promise<Searched[]> {
  const searched: Searched[] = [];
  try {
    for (const [index, { path, faces }] of truth.entries()) {
      showProgress(`${index} of ${truth.length} pictures`);
      const image = await readImage(join(folder, path), photoLimits);
      for (const factor of protocol.shrink) {
        const { picture, at } = lay(factor === 1 ? image : shrunkPicture(image, factor), path, protocol);
        const labelled = faces.map((face) => placedFace(face, factor, at));
        searched.push({ faces: labelled, ...(await search(detector, picture, labelled, protocol)) });
      }
    }
  } finally {
    showProgress('');
  }
  return searched;
}

function lay(picture: RgbImage, path: string, { canvas }: Protocol): { picture: RgbImage; at: Point } {
  if (canvas === null) return { picture, at: { x: 0, y: 0 } };
  const laid = laidOnGrey(picture, canvas.width, canvas.height);
  if (laid !== undefined) return laid;
  throw new SightlineError(
    'USAGE',
    `Expected pictures within --canvas ${canvas.width}x${canvas.height}, but received ${path} of ${picture.width}x${picture.height}.`,
  );
}

async function search(
  detector: FaceDetector,
  picture: RgbImage,
  faces: readonly LabelledFace[],
  { iou, video }: Protocol,
): Promise<Omit<Searched, 'faces'>> {
  if (video !== null) return watchPicture(detector, picture, faces, { ...video, minIou: iou });
  const start = performance.now();
  const detections = await detector.detect(picture);
  return { detections, times: [performance.now() - start], framesUntilFound: [] };
}

function figures(
  searched: readonly Searched[],
  { iou }: Protocol,
): Omit<DetectionReport, 'detector' | keyof Protocol> {
  const until = searched.flatMap(({ framesUntilFound }) => framesUntilFound);
  const times = searched.flatMap((picture) => picture.times);
  return {
    ...detectionFigures(searched, iou),
    medianMs: quantile(times, 0.5),
    framesUntilFound:
      until.length === 0 ? null : { median: quantile(until, 0.5), p95: quantile(until, 0.95) },
  };
}

/** @param values one or more */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  return below + (at % 1) * (sorted[Math.ceil(at)]! - below);
}

function asText(report: DetectionReport): string {
  const part = (value: number): string => value.toFixed(3);
  const { shrink, video, framesUntilFound, landmarkError } = report;
  const rows: [string, string][] = [
    ['detector', report.detector],
    ['pictures', `${report.images}${shrink.length > 1 ? ` (each at ${shrink.length} sizes)` : ''}`],
    ['faces', String(report.faces)],
    ['found', `${report.truePositives} (overlap of ${report.iou} or more)`],
    ['false alarms', String(report.falsePositives)],
    ['recall', part(report.recall)],
    ['precision', part(report.precision)],
    ['average precision', part(report.averagePrecision)],
    ['landmark error', landmarkError === null ? 'the truth has no landmarks' : part(landmarkError)],
    ['median', `${report.medianMs.toFixed(1)} ms a ${video === null ? 'picture' : 'frame'}`],
  ];
  if (video !== null) rows.push(['shown', `${video.frames} frames, ${video.rate} a second`]);
  if (framesUntilFound !== null) {
    rows.push(['confirmed in frame', `${framesUntilFound.median} (median), ${framesUntilFound.p95} (95 %)`]);
  }
  return `${figureTable(rows)}\n${heightTable(report.byHeight)}`;
}

function heightTable(bands: readonly HeightBand[]): string {
  const rows = bands.map(({ from, to, faces, found, recall }) => [
    to === null ? `${from} and more` : `${from} to ${to}`,
    String(faces),
    String(found),
    recall === null ? '' : recall.toFixed(3),
  ]);
  return table(['height in pixels', 'faces', 'found', 'recall'], rows, [1, 2, 3]);
}
