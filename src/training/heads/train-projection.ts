import { createHash } from 'node:crypto';
import { euclideanDistance } from '../../core/distance.js';
import type { DistanceMap, ProjectionHead } from '../../core/heads.js';
import { writeOnnx } from '../../models/convert/write-onnx.js';
import { judge, rulesFor } from '../../recognition/decision/decision.js';
import { projectedSpec, projectedThresholds } from '../../recognition/heads/projection.js';
import {
  compareAnswers,
  identificationFigures,
  identificationVerdict,
  nameProbes,
} from '../comparison/identification.js';
import { identificationFolds, type IdentificationFold } from '../folds.js';
import { headBase, thresholdUsed, type TrainingInput, type TrainingOutcome } from '../outcome.js';
import type { Random } from '../random.js';
import type { TrainingPhoto } from '../training-set.js';
import { project, trainProjection, type Projection } from './projection.js';

/** Impostor pairs for each fold; the distance map gains nothing from more. */
const mostPairs = 50_000;

/** A fold with its embeddings after a projection that was learned on its gallery. */
interface ProjectedFold {
  readonly fold: IdentificationFold;
  readonly vectorOf: (photo: TrainingPhoto) => Float32Array;
  readonly impostors: readonly ImpostorPair[];
}

/**
 * Trains the projection and compares identification with and without it by cross-validation. Its threshold is set to
 * accept as many strangers as the plain threshold does, measured on the strangers of the other folds.
 */
export function trainProjectionHead(input: TrainingInput): TrainingOutcome {
  const { photos, spec, random, onProgress } = input;
  const { midpoint } = spec.confidence;
  const folds = identificationFolds(photos, random);
  const total = folds.length + 1;
  const projected = folds.map((fold, done) => {
    onProgress({ step: 'fold', done, total });
    return projectFold(fold, trainProjection(fold.gallery, midpoint, random), random);
  });
  const answers = projected.flatMap((fold) => answersOf(fold, projected, input));
  onProgress({ step: 'all photos', done: folds.length, total });
  const network = toOnnx(trainProjection(photos, midpoint, random));
  return {
    head: headOf(
      projected.flatMap(({ impostors }) => impostors),
      hashOf(network),
      input,
    ),
    network,
    folds: folds.length,
    naming: thresholdUsed(folds, input),
    trials: [{ name: 'projection', figures: identificationFigures(answers, 'trained') }],
    plain: identificationFigures(answers, 'plain'),
    verdict: identificationVerdict(answers, 1, random),
  };
}

function projectFold(fold: IdentificationFold, projection: Projection, random: Random): ProjectedFold {
  const all = [...fold.gallery, ...fold.probes, ...fold.strangers];
  const vectors = new Map(all.map((photo) => [photo, project(projection, photo.vector)]));
  const vectorOf = (photo: TrainingPhoto): Float32Array => vectors.get(photo) as Float32Array;
  const impostors = strangerPairs(fold, random).map(([a, b]): ImpostorPair => ({
    people: [a.person, b.person],
    before: euclideanDistance(a.vector, b.vector),
    after: euclideanDistance(vectorOf(a), vectorOf(b)),
  }));
  return { fold, vectorOf, impostors };
}

/** All pairs of a stranger's photo and a gallery photo, or `mostPairs` random ones if there are more. */
function strangerPairs(
  { strangers, gallery }: IdentificationFold,
  random: Random,
): [stranger: TrainingPhoto, known: TrainingPhoto][] {
  if (strangers.length * gallery.length <= mostPairs)
    return strangers.flatMap((a) => gallery.map((b): [TrainingPhoto, TrainingPhoto] => [a, b]));
  const draw = (photos: readonly TrainingPhoto[]): TrainingPhoto =>
    photos[Math.floor(random() * photos.length)] as TrainingPhoto;
  return Array.from({ length: mostPairs }, () => [draw(strangers), draw(gallery)]);
}

function answersOf(own: ProjectedFold, all: readonly ProjectedFold[], input: TrainingInput) {
  const { spec, thresholds } = input;
  const photos = own.fold.gallery.length;
  const strangers = new Set(own.fold.strangers.map(({ person }) => person));
  // The other folds have this fold's strangers in their galleries, which would give the answer away.
  const impostors = all
    .filter((other) => other !== own)
    .flatMap((other) => other.impostors)
    .filter(({ people }) => !people.some((person) => strangers.has(person)));
  const plainRules = rulesFor(spec, thresholds, photos);
  const head = headOf(impostors, '', input);
  const rules = rulesFor(projectedSpec(spec, head), projectedThresholds(thresholds, head), photos);
  return compareAnswers(
    own.fold,
    nameProbes(
      own.fold,
      ({ vector }) => vector,
      (_, nearest) => judge(nearest, plainRules),
    ),
    nameProbes(own.fold, own.vectorOf, (_, nearest) => judge(nearest, rules)),
  );
}

/** A head whose distance map is fitted to these impostor pairs. */
function headOf(impostors: readonly ImpostorPair[], hash: string, input: TrainingInput): ProjectionHead {
  const outputDimension = input.spec.dimension;
  return {
    kind: 'projection',
    ...headBase(input),
    outputDimension,
    hash,
    distances: matchImpostors(impostors),
  };
}

/** A network [N, dimension] → [N, dimension]; scaling to length 1 is left to the embedding worker. */
function toOnnx({ dimension, matrix }: Projection): Uint8Array {
  const weights = { shape: [dimension, dimension], data: Float32Array.from(matrix) };
  const bias = new Float32Array(dimension);
  const layer = { op: 'dense', inputs: ['embedding'], output: 'projected', weights, bias } as const;
  return writeOnnx({ input: 'embedding', outputs: ['projected'], layers: [layer] }, ['N', dimension]);
}

function hashOf(network: Uint8Array): string {
  return createHash('sha256').update(network).digest('hex').slice(0, 8);
}

/**
 * Distances of two photos of different people, before and after a projection that was trained on only one of the two.
 */
export interface ImpostorPair {
  readonly people: readonly [string, string];
  readonly before: number;
  readonly after: number;
}

/** How many of the nearest pairs define the near end of the line, which is where thresholds lie. */
const nearPairs = 10;

/**
 * Fits the line that maps a distance before a projection to the distance after it below which strangers are equally
 * often. It goes through the medians and the near ends of both distributions. If these coincide, it is a plain shift.
 */
export function matchImpostors(pairs: readonly ImpostorPair[]): DistanceMap {
  const share = Math.min(0.25, Math.max(0.001, nearPairs / pairs.length));
  const [before, after] = [pairs.map((pair) => pair.before), pairs.map((pair) => pair.after)];
  const [near, middle] = [quantile(before, share), quantile(before, 0.5)];
  const [nearAfter, middleAfter] = [quantile(after, share), quantile(after, 0.5)];
  const hasSpread = middle > near && middleAfter > nearAfter;
  const factor = hasSpread ? (middleAfter - nearAfter) / (middle - near) : 1;
  return { factor, offset: middleAfter - factor * middle };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] as number;
}
