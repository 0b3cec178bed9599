import type { ProjectionHead } from '../../core/heads.js';
import type { ThresholdChoice } from '../decision/decision.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';

/**
 * The embedder that a projection makes of another one: a version of its own, so that its embeddings never meet those
 * without it, and every distance carried over to the same false-accept rate.
 */
export function projectedSpec(spec: EmbedderSpec, head: ProjectionHead): EmbedderSpec {
  const { factor } = head.distances;
  const carry = (distance: number): number => carried(distance, head);
  const { model, confidence } = spec;
  return {
    ...spec,
    model: { ...model, version: `${model.version}+${head.hash}` },
    dimension: head.outputDimension,
    thresholds: spec.thresholds.map((row) => ({ ...row, distance: carry(row.distance) })),
    threshold: carry(spec.threshold),
    leastMargin: factor * spec.leastMargin,
    confidence: { midpoint: carry(confidence.midpoint), slope: confidence.slope / factor },
  };
}

/** A threshold that the user chose for distances without the projection, carried over to those with it. */
export function projectedNaming(naming: ThresholdChoice, head: ProjectionHead): ThresholdChoice {
  return { ...naming, threshold: naming.threshold === null ? null : carried(naming.threshold, head) };
}

/** The distance without the projection that is carried over to this one. */
export function unprojected(distance: number, { distances: { factor, offset } }: ProjectionHead): number {
  return (distance - offset) / factor;
}

function carried(distance: number, { distances: { factor, offset } }: ProjectionHead): number {
  return factor * distance + offset;
}
