import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { plainChoice } from '../app/embedder-choice.js';
import { SightlineError } from '../core/errors.js';
import { readImage } from '../ingest/still-image.js';
import { rulesFor, type DecisionRules } from '../recognition/decision/decision.js';
import { identifyFace } from '../recognition/decision/identify-face.js';
import { centralFace } from '../recognition/enrolment/main-face.js';
import { FaceIndex } from '../recognition/gallery/face-index.js';
import {
  openSetFigures,
  type OpenSetFigures,
  type OpenSetSearch,
  type Share,
} from '../training/evaluation/open-set-figures.js';
import type { TrainingPhoto } from '../training/training-set.js';
import { embedPhotos } from './embed-photos.js';
import { FaceReader } from './face-reader.js';
import { withOptions, type SharedOptions } from './options.js';
import { photoLimits, planPhotos, requirePhotos, type NamedPhoto, type PhotoPlan } from './photos.js';
import { readEmbedders } from './read-embedders.js';
import { showProgress } from './progress-line.js';
import { detectorConfig, withPhotoDetector } from './still-detector.js';
import { figureTable, table } from './table.js';

/** The margin needs the two nearest people. */
const neighbours = 2;

interface EvaluateOpenSetOptions extends SharedOptions {
  readonly gallery: string;
  readonly strangers: string;
  readonly known?: string;
  readonly groups?: boolean;
  readonly detector: string;
  readonly json?: boolean;
}

/** A photo to search for, and whom a search should give. */
interface Probe {
  readonly path: string;
  readonly group: string;
  readonly mate: string | null;
}

/** What `--json` prints. */
interface OpenSetReport {
  readonly embedder: string;
  readonly detector: string;
  readonly people: number;
  readonly photos: number;
  readonly threshold: number;
  /** The FPIR asked for; null when the configuration states the threshold. */
  readonly falseNameRate: number | null;
  /** Photos of the gallery that enrolment would refuse. */
  readonly refused: readonly { readonly path: string; readonly code: string }[];
  readonly groups: readonly OpenSetFigures[];
}

/** `sightline evaluate openset` */
export function evaluateOpenSetCommand(): Command {
  const command = new Command('openset')
    .description(
      'Enrol people in memory and count how many strangers are named, and how many of them are not',
    )
    .requiredOption('--gallery <dir>', 'photos to enrol, in a folder for each person')
    .requiredOption('--strangers <dir>', 'photos of people who are not in the gallery')
    .option('--known <dir>', 'other photos of the people in the gallery, in a folder for each person')
    .option('--groups', 'the folders right in --strangers and --known are groups, with a row of figures each')
    .option('--json', 'print the figures as JSON');
  withOptions(withPhotoDetector(command), ['embedder', 'config', 'data', 'modelsDir']);
  return command.action(evaluateOpenSet);
}

async function evaluateOpenSet(options: EvaluateOpenSetOptions): Promise<void> {
  const config = await detectorConfig(options);
  const gallery = await planPhotos(options.gallery, undefined);
  requirePhotos(gallery, options.gallery);
  const probes = await planProbes(options, gallery);
  const reader = await FaceReader.open(config, plainChoice(config, await readEmbedders(config)));
  try {
    const { photos, refused } = await withProgress('gallery photos', gallery.photos.length, (onProgress) =>
      embedPhotos(gallery.photos, reader, onProgress),
    );
    for (const { path, code, message } of refused) process.stderr.write(`${path}: ${code}: ${message}\n`);
    const index = indexOf(photos, reader.spec.dimension);
    const rules = rulesFor(reader.spec, config.recognition, index.faces);
    const searches = await withProgress('searches', probes.length, (onProgress) =>
      searchAll(probes, { reader, index, rules }, onProgress),
    );
    const report: OpenSetReport = {
      embedder: reader.spec.model.id,
      detector: config.detector.kind,
      people: index.people,
      photos: index.faces,
      threshold: rules.threshold,
      falseNameRate: rules.falseNameRate,
      refused: refused.map(({ path, code }) => ({ path, code })),
      groups: openSetFigures(searches),
    };
    process.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : describe(report));
  } finally {
    await reader.close();
  }
}

async function withProgress<T>(
  what: string,
  total: number,
  work: (onProgress: (done: number) => void) => Promise<T>,
): Promise<T> {
  try {
    return await work((done) => showProgress(`${done} of ${total} ${what}`));
  } finally {
    showProgress('');
  }
}

/** @throws SightlineError PHOTOS_NOT_FOUND also for somebody known without a photo in the gallery */
async function planProbes(options: EvaluateOpenSetOptions, gallery: PhotoPlan): Promise<Probe[]> {
  const enrolled = new Set(gallery.photos.map(({ name }) => name));
  const parts = async (folder: string): Promise<[group: string, path: string][]> =>
    options.groups === true
      ? (await foldersIn(folder)).map((name) => [name, join(folder, name)])
      : [['', folder]];
  const probes: Probe[] = [];
  for (const [group, path] of await parts(options.strangers)) {
    const plan = await planPhotos(path, 'strangers');
    requirePhotos(plan, path);
    probes.push(...plan.photos.map((photo) => ({ path: photo.path, group, mate: null })));
  }
  if (options.known === undefined) return probes;
  for (const [group, path] of await parts(options.known)) {
    const plan = await planPhotos(path, undefined);
    requirePhotos(plan, path);
    for (const photo of plan.photos) probes.push({ path: photo.path, group, mate: mateOf(photo, enrolled) });
  }
  return probes;
}

function mateOf({ name, path }: NamedPhoto, enrolled: ReadonlySet<string>): string {
  if (enrolled.has(name)) return name;
  throw new SightlineError(
    'PHOTOS_NOT_FOUND',
    `Expected photos of ${name} in the gallery, because ${path} is said to show somebody in it.`,
  );
}

/** @throws SightlineError PHOTOS_NOT_FOUND when there is none */
async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (folders.length > 0) return folders.sort();
  throw new SightlineError(
    'PHOTOS_NOT_FOUND',
    `Expected a folder for each group in ${folder}, but there is none.`,
  );
}

function indexOf(photos: readonly TrainingPhoto[], dimension: number): FaceIndex {
  const index = new FaceIndex(dimension);
  for (const { person, path, vector } of photos)
    index.add({ faceId: path, person: { id: person, name: person }, role: 'example', vector });
  return index;
}

interface Searcher {
  readonly reader: FaceReader;
  readonly index: FaceIndex;
  readonly rules: DecisionRules;
}

async function searchAll(
  probes: readonly Probe[],
  searcher: Searcher,
  onProgress: (done: number) => void,
): Promise<OpenSetSearch[]> {
  const searches: OpenSetSearch[] = [];
  for (const [done, { path, group, mate }] of probes.entries()) {
    onProgress(done);
    searches.push({ group, mate, ...(await search(path, searcher)) });
  }
  return searches;
}

/** Searches for the face in the middle of a photo. */
async function search(
  path: string,
  { reader, index, rules }: Searcher,
): Promise<Pick<OpenSetSearch, 'named' | 'found'>> {
  const image = await readImage(path, photoLimits);
  const detection = centralFace(await reader.detect(image), image);
  const face = detection && (await reader.read(image, detection));
  if (face === undefined) return { named: null, found: false };
  const nearest = index.nearest(face.vector, neighbours);
  const { person } = identifyFace({ nearest, quality: face.score, vector: face.vector }, rules);
  return { named: person?.name ?? null, found: true };
}

function describe(report: OpenSetReport): string {
  const { falseNameRate, groups } = report;
  const aim =
    falseNameRate === null ? 'as configured' : `for ${perThousand(falseNameRate)} strangers named in 1,000`;
  const head = figureTable([
    ['embedder', report.embedder],
    ['detector', report.detector],
    ['enrolled', `people: ${report.people}, photos: ${report.photos}, refused: ${report.refused.length}`],
    ['threshold', `${report.threshold.toFixed(3)}, ${aim}`],
  ]);
  const rows = groups.map(({ group, fpir, fnir, misnamed, missed }) => [
    group,
    inThousand(fpir),
    inThousand(fnir),
    `${misnamed.count}`,
    `${missed}`,
  ]);
  const headings = [
    '',
    'FPIR in 1,000 (95 % interval)',
    'FNIR in 1,000 (95 % interval)',
    'misnamed',
    'no face',
  ];
  return `${head}\n${table(headings, rows, [3, 4])}`;
}

function inThousand({ rate, low, high, count, of }: Share): string {
  if (rate === null) return 'none searched for';
  return `${perThousand(rate)} (${perThousand(low)} to ${perThousand(high)}), ${count} of ${of}`;
}

function perThousand(rate: number): string {
  return (rate * 1000).toFixed(2);
}
