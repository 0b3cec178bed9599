import type { EmbedderSpec } from '../recognition/embedding/embedder-specs.js';
import { requireFit } from '../recognition/heads/require-fit.js';
import { siameseProbability } from '../recognition/heads/siamese.js';
import type { PairProbability } from '../recognition/decision/verify-faces.js';
import { HeadStore } from '../storage/head-store.js';

/** The Siamese head, when the user trained one. @throws SightlineError HEAD_MISMATCH, HEAD_CORRUPT */
export async function loadPairHead(dataDir: string, spec: EmbedderSpec): Promise<PairProbability | null> {
  const head = await new HeadStore(dataDir).load('siamese');
  if (head === null) return null;
  requireFit(head, spec);
  return (u, v) => siameseProbability(head, u, v);
}
