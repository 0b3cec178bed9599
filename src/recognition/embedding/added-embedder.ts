import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SightlineError } from '../../core/errors.js';
import { addedWeights, type AddedWeights } from '../../models/added-weights.js';
import { networkInputSchema } from '../../models/network-input.js';
import type { EmbedderSpec, EmbeddingSpec } from './embedder-specs.js';

/** What an embedder's distances mean, as they were measured on photos of known people. */
export const measurementSchema = z.strictObject({
  /** The folder of photos, or `gallery`. */
  set: z.string(),
  /** Milliseconds since the epoch. */
  measuredAt: z.number(),
  people: z.int(),
  photos: z.int(),
  /** Pairs of photos of different people, and of one person. */
  impostorPairs: z.int(),
  genuinePairs: z.int(),
  /** Largest rate first. `trueAcceptRate` is the share of genuine pairs within the distance. */
  thresholds: z
    .array(
      z.strictObject({
        falseAcceptRate: z.number(),
        distance: z.number(),
        trueAcceptRate: z.number(),
        /** Too few pairs bear the rate, so the distance continues those of larger rates. */
        extrapolated: z.boolean(),
      }),
    )
    .min(2),
  /** Distances that half, and 20, 10 and 5 %, of the impostor pairs lie within. */
  impostors: z.strictObject({
    median: z.number(),
    nearest: z.tuple([z.number(), z.number(), z.number()]),
  }),
  leastMargin: z.number(),
  confidence: z.strictObject({ midpoint: z.number(), slope: z.number() }),
});

/** An embedding network that a user added, as it is kept in the data folder. */
export const addedEmbedderSchema = z.strictObject({
  name: z.string(),
  /** Milliseconds since the epoch. */
  addedAt: z.number(),
  /** Of the weight file. */
  sha256: z.string(),
  /** Null for a file of the user's. */
  url: z.string().nullable(),
  input: networkInputSchema,
  layout: z.enum(['nchw', 'nhwc']),
  /** Whether it takes one face at a time only. */
  oneByOne: z.boolean(),
  dimension: z.int(),
  /** What the self-test found wrong when it was added all the same; null when it found nothing. */
  objection: z.string().nullable(),
  measurement: measurementSchema.nullable(),
});

export type Measurement = z.output<typeof measurementSchema>;
export type AddedEmbedder = z.output<typeof addedEmbedderSchema>;

/** Larger batches delay the first result and gain little. */
const batchLimit = 2;

export function weightsOf({ name, sha256, url }: AddedEmbedder): AddedWeights {
  return addedWeights(name, sha256, url);
}

/**
 * How an added network embeds. Its version follows from the weights and from what they are fed, so that embeddings made
 * with others of the same name never compare.
 */
export function embeddingSpecOf(added: AddedEmbedder): EmbeddingSpec {
  const { name, sha256, input, layout, dimension, oneByOne } = added;
  const { side, color, mean, std, template } = input;
  const fed = JSON.stringify([side, color, mean, std, template]);
  const version = createHash('sha256').update(`${sha256} ${fed}`).digest('hex').slice(0, 8);
  const scale = [1 / std[0], 1 / std[1], 1 / std[2]] as const;
  const preprocessing = { mean, scale, color, layout };
  return {
    model: { id: name, version },
    networks: [{ id: name, added: weightsOf(added), preprocessing, weight: 1 }],
    dimension,
    alignment: template,
    side,
    batchLimit: oneByOne ? 1 : batchLimit,
  };
}

/** The false-accept rate of the threshold for verification. */
const verificationRate = 1e-4;

/** An added network as an embedder that may name people. @throws SightlineError MODEL_NOT_MEASURED */
export function embedderSpecOf(added: AddedEmbedder): EmbedderSpec {
  const { name, measurement } = added;
  if (measurement === null) {
    throw new SightlineError(
      'MODEL_NOT_MEASURED',
      `Expected ${name} to be measured before it names anybody: nobody knows yet what its distances mean. Run \`sightline evaluate embedder ${name} --set FOLDER\` on a folder with a folder of photos for each of 50 people or more, or with --enrolled on the people of the gallery`,
    );
  }
  const { thresholds, impostors, leastMargin, confidence } = measurement;
  const verification = thresholds.find(({ falseAcceptRate }) => falseAcceptRate <= verificationRate);
  return {
    ...embeddingSpecOf(added),
    thresholds: thresholds.map(({ falseAcceptRate, distance }) => ({ falseAcceptRate, distance })),
    threshold: (verification ?? thresholds.at(-1)!).distance,
    impostors,
    leastMargin,
    confidence,
  };
}
