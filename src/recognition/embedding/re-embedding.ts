import { asSightlineError, SightlineError } from '../../core/errors.js';
import type { FaceEmbedder } from '../../core/face-embedder.js';
import type { EmbeddingStore } from '../../core/people-store.js';
import { decodeCrop } from './crop.js';

export interface ReEmbeddingOptions {
  readonly store: EmbeddingStore;
  /** The new embedder. */
  readonly embedder: FaceEmbedder;
  /** Called after each face. */
  readonly onProgress?: (progress: ReEmbeddingProgress) => void;
  /** Called for each face that could not be embedded. It keeps the embeddings it has. */
  readonly onFailure: (faceId: string, error: SightlineError) => void;
  /** Aborting stops the run after the current face. */
  readonly signal?: AbortSignal;
}

/** Numbers of faces since this run began. */
export interface ReEmbeddingProgress {
  readonly embedded: number;
  readonly failed: number;
  /** Faces without an embedding of the model when the run began. */
  readonly total: number;
}

type Failure = SightlineError | undefined;

/**
 * Embeds every stored crop that has no embedding of the embedder's model yet. Each embedding is stored at once, so a run
 * that was stopped can be continued; embeddings of other models stay. Faces are embedded one at a time, so that live
 * video waits for one crop at most.
 *
 * @returns when every face was tried once, or the run was stopped
 * @throws SightlineError EMBEDDER_FAILED when the embedder was closed; DATA_UNWRITABLE, GALLERY_CORRUPT
 */
export async function reEmbed(options: ReEmbeddingOptions): Promise<ReEmbeddingProgress> {
  const { store, embedder, signal } = options;
  const total = await store.countWithout(embedder.model);
  let [embedded, failed] = [0, 0];
  for await (const faceIds of store.facesWithout(embedder.model)) {
    for (const faceId of faceIds) {
      if (signal?.aborted) return { embedded, failed, total };
      const failure = await embedOne(faceId, store, embedder);
      if (failure) {
        failed++;
        options.onFailure(faceId, failure);
      } else {
        embedded++;
      }
      options.onProgress?.({ embedded, failed, total });
    }
  }
  return { embedded, failed, total };
}

/** Why the face could not be embedded; undefined when it was embedded or no longer exists. */
async function embedOne(faceId: string, store: EmbeddingStore, embedder: FaceEmbedder): Promise<Failure> {
  const crop = await store.crop(faceId);
  // The face was erased in the meantime.
  if (!crop) return undefined;
  const task = await decodeCrop(crop).catch((error: unknown) => asSightlineError(error, 'IMAGE_UNREADABLE'));
  if (task instanceof SightlineError) return task;
  const result = await embedder.embed(task);
  if (result.status === 'failed') return new SightlineError(result.error.code, result.error.message);
  if (result.status === 'dropped') {
    const message = `The new embedder dropped a stored face (${result.reason}).`;
    throw new SightlineError('EMBEDDER_FAILED', message);
  }
  await store.addEmbedding(faceId, result.embedding);
  return undefined;
}
