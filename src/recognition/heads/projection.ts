import type { ProjectionHead } from '../../core/heads.js';
import type { ThresholdSettings } from '../decision/decision.js';
import type { EmbedderSpec } from '../embedding/embedder-specs.js';

/**
 * The spec of an embedder followed by a projection. It has a model version of its own, so that its embeddings are never
 * compared with unprojected ones, and every distance is converted to the one with the same false-accept rate.
 */
export function projectedSpec(spec: EmbedderSpec, head: ProjectionHead): EmbedderSpec {
  const { factor } = head.distances;
  const carry = (distance: number): number => carried(distance, head);
  const { model, confidence, impostors } = spec;
  return {
    ...spec,
    model: { ...model, version: `${model.version}+${head.hash}` },
    dimension: head.outputDimension,
    thresholds: spec.thresholds.map((row) => ({ ...row, distance: carry(row.distance) })),
    impostors: impostors && {
      median: carry(impostors.median),
      nearest: [carry(impostors.nearest[0]), carry(impostors.nearest[1]), carry(impostors.nearest[2])],
    },
    threshold: carry(spec.threshold),
    leastMargin: factor * spec.leastMargin,
    confidence: { midpoint: carry(confidence.midpoint), slope: confidence.slope / factor },
  };
}

/** Converts a threshold that the user chose for unprojected distances to projected ones. */
export function projectedThresholds(thresholds: ThresholdSettings, head: ProjectionHead): ThresholdSettings {
  return {
    ...thresholds,
    threshold: thresholds.threshold === null ? null : carried(thresholds.threshold, head),
  };
}

/** Converts a distance with the projection back to the one without it. */
export function unprojected(distance: number, { distances: { factor, offset } }: ProjectionHead): number {
  return (distance - offset) / factor;
}

function carried(distance: number, { distances: { factor, offset } }: ProjectionHead): number {
  return factor * distance + offset;
}
