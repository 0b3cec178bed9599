import type { EmbedderSpec } from '../recognition/embedding/embedder-specs.js';
import { type HeadStore, requireFit } from '../core/heads.js';
import { siameseProbability } from '../recognition/heads/siamese.js';
import type { PairProbability } from '../recognition/decision/verify-faces.js';

/** The Siamese head, when the user trained one. @throws SightlineError HEAD_MISMATCH, HEAD_CORRUPT */
export async function loadPairHead(heads: HeadStore, spec: EmbedderSpec): Promise<PairProbability | null> {
  const head = await heads.load('siamese');
  if (head === null) return null;
  requireFit(head, spec);
  return (u, v) => siameseProbability(head, u, v);
}
