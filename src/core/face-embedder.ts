import type { RemoteError } from './errors.js';
import type { Embedding, Landmarks, ModelRef } from './face.js';
import type { FaceQuality } from './face-quality.js';
import type { RgbImage } from './image.js';

/** Turns faces into embeddings, in threads of this process or elsewhere. */
export interface FaceEmbedder {
  /** The model of all embeddings it makes. */
  readonly model: ModelRef;
  /**
   * Embeds one face. The crop's buffer now belongs to the embedder: the caller must not use it afterwards.
   * @returns never rejects
   */
  embed(crop: FaceCrop, options?: EmbedOptions): Promise<EmbedResult>;
  stats(): EmbedderStats;
  /** Settles pending faces as dropped. May be called again. */
  close(): Promise<void>;
}

export interface EmbedOptions {
  /**
   * How long a face of live video may wait before its embedding starts; it may be dropped for a newer one. Left out for a
   * request: it comes after faces of live video and is never dropped for one.
   */
  readonly maxWaitMs?: number;
  /** Whether it goes before other faces of live video, because what is shown is in doubt until it is embedded. */
  readonly urgent?: boolean;
}

/** The part of a picture that shows a face: RGB, in a buffer of its own, with the landmarks in its pixels. */
export interface FaceCrop {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
  /** May be imprecise: the embedder refines them. */
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

/** Counts since the embedder was created, except `waiting` and `running`, which are current. */
export interface EmbedderStats {
  readonly waiting: number;
  readonly running: number;
  readonly embedded: number;
  readonly failed: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
}

/**
 * Why a task for a worker thread was dropped. `queue-full`: newer tasks took its place; `deadline`: no thread was free in
 * time; `closed`: the pool was closed.
 */
export type DropReason = 'queue-full' | 'deadline' | 'closed';

/**
 * How a face is placed in the chip that an embedder takes: its landmarks are moved onto a template (`arcface-112`,
 * `dlib-150`), or its box is cut out (`box-160`). The number is the side of the chip in pixels that the template was made
 * for.
 */
export const alignments = ['arcface-112', 'dlib-150', 'box-160'] as const;

export type Alignment = (typeof alignments)[number];

/** The embedders that Sightline knows, the default first: an embedding network, or several joined by plus signs. */
export const embedderIds = [
  'mobilefacenet+fr-feature',
  'mobilefacenet',
  'fr-feature',
  'dlib',
  'facenet-vggface2',
] as const;

export type EmbedderId = (typeof embedderIds)[number];
