import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Command } from 'commander';
import { SightlineError } from '../core/errors.js';
import type { FaceDetector } from '../detection/face-detector.js';
import { readImage } from '../ingest/still-image.js';
import {
  detectionFigures,
  type DetectionFigures,
  type SearchedPicture,
} from '../training/evaluation/detection-figures.js';
import { parseTruth, type LabelledPicture } from '../training/evaluation/truth.js';
import { figureTable } from './table.js';
import { numberOrText } from './options.js';
import { photoLimits } from './photos.js';
import { showProgress } from './progress-line.js';
import { requirePictures } from './require-pictures.js';
import { detectorConfig, openDetector, withDetectorOptions, type DetectorOptions } from './still-detector.js';

interface EvaluateDetectionOptions extends DetectorOptions {
  readonly images: string;
  readonly truth: string;
  readonly iou: number | string;
  readonly json?: boolean;
}

/** What `--json` prints. */
interface DetectionReport extends DetectionFigures {
  readonly detector: string;
  readonly iou: number;
  /** How long the search took, in milliseconds, without reading the file. */
  readonly medianMs: number;
}

/** `sightline evaluate detection` */
export function evaluateDetectionCommand(): Command {
  const detection = new Command('detection')
    .description('Hold a detector against pictures on which all faces are known')
    .requiredOption('--images <dir>', 'folder of the pictures')
    .requiredOption('--truth <file>', 'where the faces are: JSON rows as of FDDB, or the text of WIDER FACE')
    .option('--iou <overlap>', 'least intersection over union of a hit', numberOrText, 0.5)
    .option('--json', 'print the figures as JSON');
  return withDetectorOptions(detection).action(evaluateDetection);
}

async function evaluateDetection(options: EvaluateDetectionOptions): Promise<void> {
  const iou = requireIou(options.iou);
  const config = await detectorConfig(options);
  const truth = await readTruth(options.truth);
  await requirePictures(
    options.images,
    truth.map(({ path }) => path),
  );
  const detector = await openDetector(config);
  try {
    const { searched, medianMs } = await searchAll(detector, options.images, truth);
    const report = { detector: config.detector.kind, iou, ...detectionFigures(searched, iou), medianMs };
    process.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : table(report));
  } finally {
    await detector.close();
  }
}

function requireIou(value: number | string): number {
  if (typeof value === 'number' && value > 0 && value <= 1) return value;
  throw new SightlineError('USAGE', `Expected --iou above 0 and up to 1, but received ${value}.`);
}

async function readTruth(path: string): Promise<LabelledPicture[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new SightlineError('TRUTH_UNREADABLE', `Expected to read ${path}: ${(error as Error).message}.`);
  });
  return parseTruth(text);
}

async function searchAll(
  detector: FaceDetector,
  folder: string,
  truth: readonly LabelledPicture[],
): Promise<{ searched: SearchedPicture[]; medianMs: number }> {
  const searched: SearchedPicture[] = [];
  const times: number[] = [];
  try {
    for (const { path, faces } of truth) {
      showProgress(`${searched.length} of ${truth.length} pictures`);
      const image = await readImage(join(folder, path), photoLimits);
      const start = performance.now();
      const detections = await detector.detect(image);
      times.push(performance.now() - start);
      searched.push({ faces, detections });
    }
  } finally {
    showProgress('');
  }
  return { searched, medianMs: median(times) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function table(report: DetectionReport): string {
  const part = (value: number): string => value.toFixed(3);
  const rows: [string, string][] = [
    ['detector', report.detector],
    ['pictures', String(report.images)],
    ['faces', String(report.faces)],
    ['found', `${report.truePositives} (overlap of ${report.iou} or more)`],
    ['false alarms', String(report.falsePositives)],
    ['recall', part(report.recall)],
    ['precision', part(report.precision)],
    ['average precision', part(report.averagePrecision)],
    [
      'landmark error',
      report.landmarkError === null ? 'the truth has no landmarks' : part(report.landmarkError),
    ],
    ['median', `${report.medianMs.toFixed(1)} ms a picture`],
  ];
  return figureTable(rows);
}
