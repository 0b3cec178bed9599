import { createHash } from 'node:crypto';
import { euclideanDistance } from '../core/distance.js';
import type { ProjectionHead } from '../core/heads.js';
import { writeOnnx } from '../models/convert/write-onnx.js';
import { judge, rulesFor } from '../recognition/decision/decision.js';
import { projectedSpec, projectedNaming } from '../recognition/heads/projection.js';
import { matchImpostors, type ImpostorPair } from './distance-map.js';
import { identificationFolds, type IdentificationFold } from './folds.js';
import { identificationFigures, identificationVerdict } from './identification-figures.js';
import { compareAnswers, nameProbes } from './name-probes.js';
import { namingOf } from './naming-of.js';
import { headBase, type TrainingInput, type TrainingOutcome } from './outcome.js';
import { project, trainProjection, type Projection } from './projection-head.js';
import type { Random } from './random.js';
import type { TrainingPhoto } from './training-set.js';

/** Of each fold: the distance map gains nothing from more. */
const mostPairs = 50_000;

/** A fold with its embeddings as a projection makes them that was learned on its gallery. */
interface ProjectedFold {
  readonly fold: IdentificationFold;
  readonly vectorOf: (photo: TrainingPhoto) => Float32Array;
  readonly impostors: readonly ImpostorPair[];
}

/**
 * Trains the projection and compares naming with and without it, cross-validated. Its threshold lets as many strangers
 * pass as the plain one, judged by the strangers of the other folds.
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
    naming: namingOf(folds, input),
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

/** Each stranger's photos with each of the gallery's; when they are many, as many drawn at random. */
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
  const { spec, naming } = input;
  const photos = own.fold.gallery.length;
  const strangers = new Set(own.fold.strangers.map(({ person }) => person));
  // The other folds know this one's strangers: what they say of those would give the answer away.
  const impostors = all
    .filter((other) => other !== own)
    .flatMap((other) => other.impostors)
    .filter(({ people }) => !people.some((person) => strangers.has(person)));
  const plainRules = rulesFor(spec, naming, photos);
  const head = headOf(impostors, '', input);
  const rules = rulesFor(projectedSpec(spec, head), projectedNaming(naming, head), photos);
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

/** The head whose threshold these pairs of strangers speak for. */
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
