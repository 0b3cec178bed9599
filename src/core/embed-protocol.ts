import type { Landmarks } from './face.js';
import type { FaceQuality } from './face-quality.js';
import type { ErrorCode } from './errors.js';

/**
 * What crosses between the embedding pool and its worker threads (workers/embed.ts). Byte arrays are transferred,
 * so the sender must own their buffers outright and loses them.
 */

/** Given to a worker once, when it starts. */
export interface EmbedWorkerData {
  /** Absolute path of an ONNX network with input [N, 3, 112, 112] and output [N, dimension]. */
  readonly modelPath: string;
  /** Absolute path of MTCNN's O-Net, which puts landmarks right. */
  readonly refinerPath: string;
  readonly dimension: number;
  /** A channel value v, 0 to 255, enters the network as (v − mean) · scale. */
  readonly preprocessing: { readonly mean: number; readonly scale: number };
  /** ONNX Runtime's name: `cpu`, `cuda`, `coreml`, … */
  readonly executionProvider: string;
  /** Threads of ONNX Runtime within the worker. */
  readonly threads: number;
}

/** One face to embed: part of a picture, RGB, with the landmarks, which may be coarse, in its pixels. */
export interface EmbedTask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly landmarks: Landmarks;
}

export type EmbedReply = EmbeddedFace | { readonly kind: 'failed'; readonly error: RemoteError };

export interface EmbeddedFace {
  readonly kind: 'embedded';
  /** L2-normalised. */
  readonly vector: Float32Array<ArrayBuffer>;
  /** The aligned face, 112×112 RGB. */
  readonly chip: Uint8Array<ArrayBuffer>;
  readonly quality: FaceQuality;
  readonly times: { readonly alignMs: number; readonly embedMs: number };
}

/** An error as plain data: classes and codes do not survive the way between threads. */
export interface RemoteError {
  readonly code: ErrorCode;
  readonly message: string;
  /** Whether the same face may succeed at another try. */
  readonly retryable: boolean;
}
