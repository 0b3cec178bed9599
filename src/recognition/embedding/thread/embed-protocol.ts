import type { Alignment } from '../align.js';
import type { FaceQuality } from '../../../core/face-quality.js';
import type { RemoteError } from '../../../core/errors.js';

/**
 * What crosses between `PooledEmbedder` and its worker threads (workers/embed.ts), beside the crops. Byte arrays are
 * transferred, so the sender must own their buffers outright and loses them.
 */

/** Given to a worker once, when it starts. */
export interface EmbedWorkerData {
  /** Absolute path of an ONNX network with input [N, 3, side, side] and output [N, features]. */
  readonly modelPath: string;
  /** Absolute path of MTCNN's O-Net, which puts landmarks right. */
  readonly refinerPath: string;
  /**
   * An ONNX model [N, features] → [N, dimension] that runs after it, on vectors scaled to length 1; null for none, when
   * features = dimension.
   */
  readonly projection: Uint8Array | null;
  /** How many numbers an embedding has in the end. */
  readonly dimension: number;
  readonly alignment: Alignment;
  readonly preprocessing: Preprocessing;
  /** ONNX Runtime's name: `cpu`, `cuda`, `coreml`, … */
  readonly executionProvider: string;
  /** Threads of ONNX Runtime within the worker. */
  readonly threads: number;
}

/** A value v, 0 to 255, of red, green or blue enters a network as (v − mean) · scale, with the mean of its channel. */
export interface Preprocessing {
  readonly mean: readonly [red: number, green: number, blue: number];
  readonly scale: number;
}

/** What becomes of one face of the batch that is a worker's task; replies stand in the order of the faces. */
export type EmbedReply = EmbeddedFace | FailedFace;

export interface FailedFace {
  readonly kind: 'failed';
  readonly error: RemoteError;
}

export interface EmbeddedFace {
  readonly kind: 'embedded';
  /** L2-normalised. */
  readonly vector: Float32Array<ArrayBuffer>;
  /** The face aligned to ArcFace's template, 112×112 RGB, whatever the embedder takes. */
  readonly chip: Uint8Array<ArrayBuffer>;
  readonly quality: FaceQuality;
  /** Embedding is that of the whole batch. */
  readonly times: { readonly alignMs: number; readonly embedMs: number };
}
