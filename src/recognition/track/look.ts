import type { EmbedResult, EmbedTimes, FaceCrop } from '../../core/face-embedder.js';
import { qualityFloor, qualityScore } from '../../core/face-quality.js';
import type { Detection, Track } from '../../core/face.js';
import type { Frame } from '../../core/image.js';

/** Where and when a crop was taken. */
export interface Shot {
  /** As it was in the frame. */
  readonly track: Track;
  readonly detection: Detection;
  readonly frame: Pick<Frame, 'sequence' | 'width' | 'height' | 'capturedAt'>;
}

/** One look at a track's face. */
export interface Look {
  readonly vector: Float32Array;
  /** 0 to 1. */
  readonly quality: number;
  readonly shot: Shot;
  /** A copy to keep: the eyes at most 100 pixels apart. */
  readonly crop: FaceCrop;
  readonly times: EmbedTimes;
}

/** Undefined when there is nothing to match: no embedding came, or the crop was poor. */
export function lookOf(result: EmbedResult, shot: Shot, crop: FaceCrop): Look | undefined {
  if (result.status !== 'embedded') return undefined;
  const quality = qualityScore(result.quality);
  if (quality < qualityFloor) return undefined;
  return { vector: result.embedding.vector, quality, shot, crop, times: result.times };
}
