import { createHash } from 'node:crypto';
import { euclideanDistance } from '../core/distance.js';
import type { ProjectionHead } from '../core/heads.js';
import { writeOnnx } from '../models/convert/write-onnx.js';
import { judge, rulesFor } from '../recognition/decision.js';
import { projectedEmbedder, projectedNaming } from '../recognition/heads/projection.js';
import { matchImpostors, type ImpostorDistances } from './distance-map.js';
import { identificationFolds, type IdentificationFold } from './folds.js';
import { identificationFigures, identificationVerdict } from './identification-figures.js';
import { compareAnswers, nameProbes } from './name-probes.js';
import { headBase, type TrainingInput, type TrainingOutcome } from './outcome.js';
import { project, trainProjection, type Projection } from './projection-head.js';
import type { TrainingPhoto } from './training-set.js';

/** A fold with its embeddings as a projection makes them that was learned on its gallery. */
interface ProjectedFold {
  readonly fold: IdentificationFold;
  readonly vectorOf: (photo: TrainingPhoto) => Float32Array;
  readonly impostors: ImpostorDistances;
}

/**
 * Trains the projection and compares naming with and without it, cross-validated. Its threshold lets as many strangers
 * pass as the plain one, judged by the strangers of the other folds.
 */
export function trainProjectionHead(input: TrainingInput): TrainingOutcome {
  const { photos, embedder, random, onProgress } = input;
  const { midpoint } = embedder.confidence;
  const folds = identificationFolds(photos, random);
  const total = folds.length + 1;
  const projected = folds.map((fold, done) => {
    onProgress({ step: 'fold', done, total });
    return projectFold(fold, trainProjection(fold.gallery, midpoint, random));
  });
  const answers = projected.flatMap((fold) => answersOf(fold, projected, input));
  onProgress({ step: 'all photos', done: folds.length, total });
  const network = toOnnx(trainProjection(photos, midpoint, random));
  return {
    head: headOf(projected, hashOf(network), input),
    network,
    folds: folds.length,
    trials: [{ name: 'projection', figures: identificationFigures(answers, 'trained') }],
    plain: identificationFigures(answers, 'plain'),
    verdict: identificationVerdict(answers, 1, random),
  };
}

function projectFold(fold: IdentificationFold, projection: Projection): ProjectedFold {
  const all = [...fold.gallery, ...fold.probes, ...fold.strangers];
  const vectors = new Map(all.map((photo) => [photo, project(projection, photo.vector)]));
  const vectorOf = (photo: TrainingPhoto): Float32Array => vectors.get(photo) as Float32Array;
  const pairs = fold.strangers.flatMap((a) => fold.gallery.map((b) => ({ a, b })));
  return {
    fold,
    vectorOf,
    impostors: {
      before: pairs.map(({ a, b }) => euclideanDistance(a.vector, b.vector)),
      after: pairs.map(({ a, b }) => euclideanDistance(vectorOf(a), vectorOf(b))),
    },
  };
}

function answersOf(own: ProjectedFold, all: readonly ProjectedFold[], input: TrainingInput) {
  const { embedder, naming } = input;
  const photos = own.fold.gallery.length;
  const others = all.filter((other) => other !== own);
  const plainRules = rulesFor(embedder, naming, photos);
  const head = headOf(others, '', input);
  const rules = rulesFor(projectedEmbedder(embedder, head), projectedNaming(naming, head), photos);
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

/** The head whose threshold the strangers of these folds speak for. */
function headOf(folds: readonly ProjectedFold[], hash: string, input: TrainingInput): ProjectionHead {
  const distances = matchImpostors({
    before: folds.flatMap(({ impostors }) => impostors.before),
    after: folds.flatMap(({ impostors }) => impostors.after),
  });
  const outputDimension = input.embedder.dimension;
  return { kind: 'projection', ...headBase(input), outputDimension, hash, distances };
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
