import type { EmbedResult, FaceCrop, FaceEmbedder } from '../../core/face-embedder.js';
import { SightlineError } from '../../core/errors.js';

export type EmbeddedCrop = EmbedResult & { readonly status: 'embedded' };

/**
 * Embeds a face that somebody waits for. The embedder takes the crop's bytes over.
 * @throws SightlineError EMBEDDER_FAILED; NOT_READY when the embedder was closed, as when another embedder takes over
 */
export async function embedCrop(embedder: FaceEmbedder, crop: FaceCrop): Promise<EmbeddedCrop> {
  const result = await embedder.embed(crop);
  switch (result.status) {
    case 'embedded':
      return result;
    case 'failed':
      throw new SightlineError(result.error.code, result.error.message);
    case 'dropped':
      throw new SightlineError('NOT_READY', 'Expected an embedder in use but it was closed meanwhile.');
  }
}
