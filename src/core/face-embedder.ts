import type { RemoteError } from './errors.js';
import type { Embedding, Landmarks, ModelRef } from './face.js';
import type { FaceQuality } from './face-quality.js';
import type { RgbImage } from './image.js';

/** Turns faces into embeddings: in threads of this process, or wherever else they are made. */
export interface FaceEmbedder {
  /** What every embedding is of. */
  readonly model: ModelRef;
  /**
   * Embeds one face. The embedder takes the crop's bytes over: the caller must not use them afterwards.
   * @returns never rejects
   */
  embed(crop: FaceCrop, options?: EmbedOptions): Promise<EmbedResult>;
  stats(): EmbedderStats;
  /** Settles everything that is pending as dropped. May be called again. */
  close(): Promise<void>;
}

export interface EmbedOptions {
  /**
   * How long the face may wait until its embedding is begun; it is of live video then, of which only the newest faces
   * matter. Without it somebody waits for the answer: the face goes behind those of live video and is never dropped for
   * one.
   */
  readonly maxWaitMs?: number;
}

/** The part of a picture that shows a face: RGB, in a buffer of its own, with the landmarks in its pixels. */
export interface FaceCrop {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
  /** May be coarse: the embedder puts them right. */
  readonly landmarks: Landmarks;
}

export type EmbedResult =
  | {
      readonly status: 'embedded';
      readonly embedding: Embedding;
      readonly quality: FaceQuality;
      /** The face aligned to ArcFace's template, 112×112. */
      readonly chip: RgbImage;
      readonly times: EmbedTimes;
    }
  | { readonly status: 'dropped'; readonly reason: DropReason }
  | { readonly status: 'failed'; readonly error: RemoteError };

/** Milliseconds that a face spent in each stage, the last together with its batch. */
export interface EmbedTimes {
  readonly queueMs: number;
  readonly alignMs: number;
  readonly embedMs: number;
}

/** Figures since the embedder was made, except `waiting` and `running`, which are of now. */
export interface EmbedderStats {
  readonly waiting: number;
  readonly running: number;
  readonly embedded: number;
  readonly failed: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
}

/**
 * Why a task for a worker thread was given up: `queue-full`: newer ones took its place; `deadline`: no thread was free
 * in time; `closed`: whoever does such tasks was closed.
 */
export type DropReason = 'queue-full' | 'deadline' | 'closed';

/** The embedding networks that Sightline knows, the default first; each is also an asset of models/manifest.json. */
export const embedderIds = ['mobilefacenet', 'fr-feature', 'dlib', 'facenet-vggface2'] as const;

export type EmbedderId = (typeof embedderIds)[number];
