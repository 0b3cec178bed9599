import { asSightlineError, SightlineError } from '../../core/errors.js';
import type { FaceEmbedder } from '../../core/face-embedder.js';
import type { EmbeddingStore } from '../../core/people-store.js';
import { decodeCrop } from './crop.js';

export interface ReEmbeddingOptions {
  readonly store: EmbeddingStore;
  /** The one to come. */
  readonly embedder: FaceEmbedder;
  /** Told after each face. */
  readonly onProgress?: (progress: ReEmbeddingProgress) => void;
  /** Told of a face that could not be embedded; it stays as it is. */
  readonly onFailure: (faceId: string, error: SightlineError) => void;
  /** Stops after the face in hand. */
  readonly signal?: AbortSignal;
}

/** Faces since this run began. */
export interface ReEmbeddingProgress {
  readonly embedded: number;
  readonly failed: number;
  /** Those that had no embedding of the model when the run began. */
  readonly total: number;
}

type Failure = SightlineError | undefined;

/**
 * Embeds every stored crop that has no embedding of the embedder's model yet. What a run has done stays done, so that one
 * that was stopped goes on where it was; embeddings of other models stay. One face is under way at a time, so that the
 * faces of live video wait for one crop at most.
 *
 * @returns once no face is left that was not tried, or when it was stopped
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

/** Undefined when there is nothing left to do for the face, or why it could not be embedded. */
async function embedOne(faceId: string, store: EmbeddingStore, embedder: FaceEmbedder): Promise<Failure> {
  const crop = await store.crop(faceId);
  // Erased meanwhile.
  if (!crop) return undefined;
  const task = await decodeCrop(crop).catch((error: unknown) => asSightlineError(error, 'IMAGE_UNREADABLE'));
  if (task instanceof SightlineError) return task;
  const result = await embedder.embed(task);
  if (result.status === 'failed') return new SightlineError(result.error.code, result.error.message);
  if (result.status === 'dropped') {
    const message = `Expected the new embedder to embed a stored face but it gave it up: ${result.reason}`;
    throw new SightlineError('EMBEDDER_FAILED', message);
  }
  await store.addEmbedding(faceId, result.embedding);
  return undefined;
}
