import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { euclideanDistance } from '../core/distance.js';
import { SightlineError } from '../core/errors.js';
import { readImage } from '../ingest/still-image.js';
import type { EmbeddingSpec } from '../recognition/embedding/embedder-specs.js';
import { centralFace } from '../recognition/enrolment/main-face.js';
import {
  parseLfwPairs,
  verificationFigures,
  type LabelledPair,
  type MeasuredPair,
  type VerificationFigures,
} from '../training/evaluation/lfw.js';
import { FaceReader } from './face-reader.js';
import { figureTable } from './table.js';
import { withOptions, type SharedOptions } from './options.js';
import { photoLimits } from './photos.js';
import { readEmbedders } from './read-embedders.js';
import { showProgress } from './progress-line.js';
import { requirePictures } from './require-pictures.js';
import { detectorConfig, withPhotoDetector } from './still-detector.js';

/** The largest distance of two unit vectors. A photo without a face gets it, which is an error for a genuine pair. */
const largestDistance = 2;

interface EvaluateLfwOptions extends SharedOptions {
  readonly pairs: string;
  readonly images: string;
  readonly detector: string;
  readonly json?: boolean;
}

/** What `--json` prints. */
interface LfwReport extends VerificationFigures {
  readonly embedder: string;
  readonly detector: string;
  /** Photos on which no face was found. */
  readonly missed: number;
}

/** Undefined where no face was found. */
type Vectors = ReadonlyMap<string, Float32Array | undefined>;

/** `sightline evaluate lfw` */
export function evaluateLfwCommand(): Command {
  const command = new Command('lfw')
    .description('Hold an embedder against Labeled Faces in the Wild by its official protocol')
    .requiredOption('--pairs <file>', 'pairs.txt (View 2, ten folds) or pairsDevTest.txt (View 1)')
    .requiredOption('--images <dir>', 'folder with a folder of pictures for each person')
    .option('--json', 'print the figures as JSON');
  withOptions(withPhotoDetector(command), ['embedder', 'config', 'data', 'modelsDir']);
  return command.action(evaluateLfw);
}

async function evaluateLfw(options: EvaluateLfwOptions): Promise<void> {
  const config = await detectorConfig(options);
  const folds = await readPairs(options.pairs);
  const photos = [...new Set(folds.flat().flatMap((pair) => pair.photos))];
  await requirePictures(options.images, photos);
  const spec = (await readEmbedders(config)).findEmbedding(config.recognition.embedder);
  const reader = await FaceReader.open(config, { spec, projection: null });
  try {
    const vectors = await embedAll(photos, options.images, reader);
    const report: LfwReport = {
      embedder: reader.spec.model.id,
      detector: config.detector.kind,
      ...verificationFigures(folds.map((pairs) => pairs.map((pair) => measure(pair, vectors)))),
      missed: photos.filter((photo) => vectors.get(photo) === undefined).length,
    };
    process.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : table(report));
  } finally {
    await reader.close();
  }
}

async function readPairs(path: string): Promise<LabelledPair[][]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new SightlineError('PAIRS_UNREADABLE', `Expected to read ${path}: ${(error as Error).message}.`);
  });
  return parseLfwPairs(text);
}

/** The central face of each photo, whatever its quality: it is the embedder that is measured. */
async function embedAll(
  photos: readonly string[],
  folder: string,
  reader: FaceReader<EmbeddingSpec>,
): Promise<Vectors> {
  const vectors = new Map<string, Float32Array | undefined>();
  try {
    for (const photo of photos) {
      showProgress(`${vectors.size} of ${photos.length} photos`);
      const image = await readImage(join(folder, photo), photoLimits);
      const face = centralFace(await reader.detect(image), image);
      vectors.set(photo, face && (await reader.read(image, face))?.vector);
    }
  } finally {
    showProgress('');
  }
  return vectors;
}

function measure({ same, photos }: LabelledPair, vectors: Vectors): MeasuredPair {
  const [first, second] = photos.map((photo) => vectors.get(photo));
  return { same, distance: first && second ? euclideanDistance(first, second) : largestDistance };
}

function table(report: LfwReport): string {
  const percent = (rate: number): string => `${(rate * 100).toFixed(2)} %`;
  const spread = report.folds === 1 ? '' : ` ± ${(report.accuracyStd * 100).toFixed(2)} (standard deviation)`;
  const [photos, method] = [
    `${report.missed} photos without a face`,
    report.folds === 1 ? 'at the best threshold' : `over ${report.folds} folds`,
  ];
  return figureTable([
    ['embedder', report.embedder],
    ['detector', report.detector],
    ['pairs', `${report.pairs}, ${photos}`],
    ['accuracy', `${percent(report.accuracy)}${spread}, ${method}`],
    ['best threshold', report.threshold.toFixed(3)],
    [
      'true accepts',
      `${percent(report.tarAtFar['1e-2'])} at FAR 1e-2, ${percent(report.tarAtFar['1e-3'])} at 1e-3`,
    ],
    ['equal error rate', percent(report.eer)],
    ['area under the curve', report.auc.toFixed(5)],
  ]);
}
