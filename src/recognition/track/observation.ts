import type { EmbedResult, EmbedTimes, FaceCrop } from '../../core/face-embedder.js';
import { qualityFloor, qualityScore } from '../../core/face-quality.js';
import type { Detection, Track } from '../../core/face.js';
import type { FrameRef } from '../../core/track-observer.js';

/** Where and when the face of a track was cut out. */
export interface ObservedFace {
  /** As it was in the frame. */
  readonly track: Track;
  readonly detection: Detection;
  readonly frame: FrameRef;
}

/** One observation of a track's face. */
export interface Observation extends ObservedFace {
  readonly vector: Float32Array;
  /** 0 to 1. */
  readonly quality: number;
  /** A copy to keep: the eyes at most 100 pixels apart. */
  readonly crop: FaceCrop;
  readonly times: EmbedTimes;
}

/** Undefined when there is nothing to match: no embedding came, or the crop was poor. */
export function observationOf(
  result: EmbedResult,
  face: ObservedFace,
  crop: FaceCrop,
): Observation | undefined {
  if (result.status !== 'embedded') return undefined;
  const quality = qualityScore(result.quality);
  if (quality < qualityFloor) return undefined;
  return { ...face, vector: result.embedding.vector, quality, crop, times: result.times };
}
