import { l2Normalise } from '../../core/distance.js';
import type { EmbedResult, EmbedTimes, FaceCrop } from '../../core/face-embedder.js';
import { qualityScore, weakestPart } from '../../core/face-quality.js';
import type { Detection, Track } from '../../core/face.js';
import type { FrameRef } from '../../core/track-state.js';
import type { Look } from './poor-looks.js';

/** The face of a track in one frame. */
export interface ObservedFace {
  /** The track as it was in the frame. */
  readonly track: Track;
  readonly detection: Detection;
  readonly frame: FrameRef;
}

/** One observation of a track's face. */
export interface Observation extends ObservedFace, Look {
  readonly vector: Float32Array;
  /** A copy for storage, with the eyes at most 100 pixels apart. */
  readonly crop: FaceCrop;
  readonly times: EmbedTimes;
}

/** Makes an observation of an embedder's result; undefined when it failed. */
export function observationOf(
  result: EmbedResult,
  face: ObservedFace,
  crop: FaceCrop,
): Observation | undefined {
  if (result.status !== 'embedded') return undefined;
  const quality = qualityScore(result.quality);
  const weakest = weakestPart(result.quality);
  return { ...face, vector: result.embedding.vector, quality, weakest, crop, times: result.times };
}

/** Most observations of a track that count. */
export const mostObservations = 7;
/**
 * The weight of an observation shrinks by this factor with each later one, so that new observations can overturn old
 * ones: after seven, less than half is left.
 */
const fading = 0.9;

/** An observation with its ordinal number in the track. */
export interface Counted extends Pick<Observation, 'vector' | 'quality'> {
  readonly ordinal: number;
}

/** Adds an observation and drops the one with the least weight if there are too many. @returns oldest first */
export function withObservation<T extends Counted>(observations: readonly T[], newest: T): readonly T[] {
  const all = [...observations, newest];
  if (all.length <= mostObservations) return all;
  const least = all.reduce((a, b) => (weightOf(b, newest.ordinal) < weightOf(a, newest.ordinal) ? b : a));
  return all.filter((observation) => observation !== least);
}

/**
 * Fuses the embeddings of several observations of one face: their weighted mean, scaled to length 1. Errors that differ
 * between observations average out.
 * @param observations at least one
 */
export function fuse(observations: readonly Counted[]): Float32Array {
  const newest = Math.max(...observations.map(({ ordinal }) => ordinal));
  const sum = new Float32Array(observations[0]?.vector.length ?? 0);
  for (const observation of observations) {
    const weight = weightOf(observation, newest);
    for (let index = 0; index < sum.length; index++) {
      sum[index] = (sum[index] as number) + weight * (observation.vector[index] as number);
    }
  }
  return l2Normalise(sum);
}

function weightOf({ quality, ordinal }: Counted, newest: number): number {
  return quality * fading ** (newest - ordinal);
}
