import { l2Normalise } from '../../core/distance.js';
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

/** How many observations of a track have a say. */
export const mostObservations = 7;
/**
 * What an observation is worth shrinks by this factor with each later one, so that whoever the newest observations
 * show overturns what the old ones said: after seven it is less than half.
 */
const fading = 0.9;

/** An observation and its place among those of its track. */
export interface Counted extends Pick<Observation, 'vector' | 'quality'> {
  readonly ordinal: number;
}

/** The observations that stay when a new one comes: the worthiest, oldest first. */
export function withObservation<T extends Counted>(observations: readonly T[], newest: T): readonly T[] {
  const all = [...observations, newest];
  if (all.length <= mostObservations) return all;
  const least = all.reduce((a, b) => (worth(b, newest.ordinal) < worth(a, newest.ordinal) ? b : a));
  return all.filter((observation) => observation !== least);
}

/**
 * One embedding for several observations of one face: their mean, each by its worth, scaled to length 1. What blurs
 * a single observation, and differs from one to the next, averages out.
 */
export function fuse(observations: readonly Counted[]): Float32Array {
  const newest = Math.max(...observations.map(({ ordinal }) => ordinal));
  const sum = new Float32Array(observations[0]?.vector.length ?? 0);
  for (const observation of observations) {
    const weight = worth(observation, newest);
    for (let index = 0; index < sum.length; index++) {
      sum[index] = (sum[index] as number) + weight * (observation.vector[index] as number);
    }
  }
  return l2Normalise(sum);
}

function worth({ quality, ordinal }: Counted, newest: number): number {
  return quality * fading ** (newest - ordinal);
}
