import { z } from 'zod';
import type { ClassifierHead, HeadKind, ProjectionHead, SiameseHead } from '../../core/heads.js';

const numbers = z.array(z.number());
const base = {
  model: z.object({ id: z.string(), version: z.string() }),
  dimension: z.int().positive(),
  trainedAt: z.number(),
};

const siamese = z.object({
  kind: z.literal('siamese'),
  ...base,
  weights: z.object({ distance: z.number(), differences: numbers }),
  confidence: z.object({ midpoint: z.number(), slope: z.number().positive() }),
}) satisfies z.ZodType<SiameseHead>;

const projection = z.object({
  kind: z.literal('projection'),
  ...base,
  outputDimension: z.int().positive(),
  hash: z.string().regex(/^[0-9a-f]{8}$/),
  distances: z.object({ factor: z.number().positive(), offset: z.number() }),
}) satisfies z.ZodType<ProjectionHead>;

const vectors = z.array(numbers);
const rule = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('linear-svm'),
    classes: z.array(z.object({ weights: numbers, bias: z.number() })),
  }),
  z.object({
    type: z.literal('rbf-svm'),
    gamma: z.number().positive(),
    vectors,
    classes: z.array(z.object({ coefficients: numbers, bias: z.number() })),
  }),
  z.object({
    type: z.literal('knn'),
    neighbours: z.int().positive(),
    gamma: z.number().positive(),
    vectors,
    labels: z.array(z.int().nonnegative()),
  }),
]);

const classifier = z.object({
  kind: z.literal('classifier'),
  ...base,
  people: z.array(z.string()).nonempty(),
  rejectBelow: z.number(),
  rule,
}) satisfies z.ZodType<ClassifierHead>;

/** What a head's JSON file must look like. */
export const headSchemas = {
  siamese: siamese.refine(({ weights, dimension }) => weights.differences.length === dimension),
  projection,
  classifier: classifier.refine(hasWholeRule),
} satisfies Record<HeadKind, z.ZodType>;

/** Whether all rows are as long as embeddings, and there is one class a person. */
function hasWholeRule({ rule, people, dimension }: z.infer<typeof classifier>): boolean {
  const fits = (row: readonly number[]): boolean => row.length === dimension;
  switch (rule.type) {
    case 'linear-svm':
      return rule.classes.length === people.length && rule.classes.every(({ weights }) => fits(weights));
    case 'rbf-svm':
      return (
        rule.vectors.every(fits) &&
        rule.classes.length === people.length &&
        rule.classes.every(({ coefficients }) => coefficients.length === rule.vectors.length)
      );
    case 'knn':
      return (
        rule.vectors.every(fits) &&
        rule.labels.length === rule.vectors.length &&
        rule.labels.every((label) => label < people.length)
      );
  }
}
