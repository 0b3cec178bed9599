import type { ProjectionHead } from '../../core/heads.js';
import type { Embedder } from '../embedders.js';

/**
 * The embedder that a projection makes of another one: a version of its own, so that its embeddings never meet those
 * without it, and every distance carried over to the same false-accept rate.
 */
export function projectedEmbedder(embedder: Embedder, head: ProjectionHead): Embedder {
  const { factor, offset } = head.distances;
  const carry = (distance: number): number => factor * distance + offset;
  const { model, confidence } = embedder;
  return {
    ...embedder,
    model: { ...model, version: `${model.version}+${head.hash}` },
    dimension: head.outputDimension,
    thresholds: embedder.thresholds.map((row) => ({ ...row, distance: carry(row.distance) })),
    threshold: carry(embedder.threshold),
    leastMargin: factor * embedder.leastMargin,
    confidence: { midpoint: carry(confidence.midpoint), slope: confidence.slope / factor },
  };
}
