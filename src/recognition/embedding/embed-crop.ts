import type { EmbedTask } from './thread/embed-protocol.js';
import { SightlineError } from '../../core/errors.js';
import type { EmbeddingPool, EmbedResult } from './pooled-embedder.js';

export type EmbeddedCrop = EmbedResult & { readonly status: 'embedded' };

/**
 * Embeds a face that somebody waits for. The crop's bytes move to the worker.
 * @throws SightlineError EMBEDDER_FAILED; NOT_READY when the pool was closed, as when another embedder takes over
 */
export async function embedCrop(pool: EmbeddingPool, crop: EmbedTask): Promise<EmbeddedCrop> {
  const result = await pool.embed(crop);
  switch (result.status) {
    case 'embedded':
      return result;
    case 'failed':
      throw new SightlineError(result.error.code, result.error.message);
    case 'dropped':
      throw new SightlineError('NOT_READY', 'Expected an embedder in use but it was closed meanwhile.');
  }
}
