import type { Alignment } from '../../../core/face-embedder.js';
import type { FaceQuality } from '../../../core/face-quality.js';
import type { RemoteError } from '../../../core/errors.js';

/**
 * The messages between `PooledEmbedder` and its worker threads (workers/embed.ts); a task is a `FaceCrop`. Byte arrays
 * are transferred, so the sender must own their whole buffers and cannot use them afterwards.
 */

/** What a worker receives when it starts. */
export interface EmbedWorkerData {
  /** What embeds a face: one network, or several whose embeddings are joined. */
  readonly networks: readonly LocalNetwork[];
  /** Absolute path of MTCNN's O-Net, which refines landmarks. */
  readonly refinerPath: string;
  /**
   * An ONNX model [N, features] → [N, dimension] that runs on the joined embedding, which has length 1. Null for none;
   * then features = dimension.
   */
  readonly projection: Uint8Array | null;
  /** Length of the final embedding. */
  readonly dimension: number;
  readonly alignment: Alignment;
  /** Of the chip that the networks take, in pixels. */
  readonly side: number;
  /** ONNX Runtime's name of the provider: `cpu`, `cuda`, `coreml`, … */
  readonly executionProvider: string;
  /** Number of threads that ONNX Runtime uses within the worker. */
  readonly threads: number;
}

/** An embedding network on this machine. */
export interface LocalNetwork {
  /**
   * Absolute path of an ONNX network with input [N, 3, side, side], or [N, side, side, 3] where the preprocessing says so,
   * and a first output [N, features].
   */
  readonly path: string;
  readonly preprocessing: Preprocessing;
  /** How much its similarity counts beside that of the other networks; above 0. */
  readonly weight: number;
}

/** A channel value v, 0 to 255, becomes (v − mean) · scale, with the mean and the scale of that channel. */
export interface Preprocessing {
  /** In the order in which the network takes the channels. */
  readonly mean: readonly [number, number, number];
  /** One for all channels, or one each in the network's order. */
  readonly scale: number | readonly [number, number, number];
  /** The order in which the network takes the channels; `rgb` when left out. */
  readonly color?: 'rgb' | 'bgr';
  /** `nchw`, a plane for each channel, when left out; `nhwc` keeps the channels of a pixel together. */
  readonly layout?: 'nchw' | 'nhwc';
}

/** The result for one face of a batch. Replies come in the order of the faces. */
export type EmbedReply = EmbeddedFace | FailedFace;

export interface FailedFace {
  readonly kind: 'failed';
  readonly error: RemoteError;
}

export interface EmbeddedFace {
  readonly kind: 'embedded';
  /** L2-normalised. */
  readonly vector: Float32Array<ArrayBuffer>;
  /** The face aligned to ArcFace's template, 112×112 RGB, even when the embedder takes another alignment. */
  readonly chip: Uint8Array<ArrayBuffer>;
  readonly quality: FaceQuality;
  /** `embedMs` is the time of the whole batch. */
  readonly times: { readonly alignMs: number; readonly embedMs: number };
}
