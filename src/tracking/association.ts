import { assign, type Pair } from '../core/assignment.js';
import { centre, iou, type Box } from '../core/geometry.js';
import { sizeOf } from './box-motion.js';
import type { TrackerOptions } from './options.js';

/** What pairing needs to know of a track. */
export interface Candidate {
  /** Where it is expected now. */
  readonly box: Box;
  /** Seconds since it was last seen. */
  readonly unseenSeconds: number;
}

/** Pairs tracks with detected boxes by overlap. */
export function pairByOverlap(
  tracks: readonly Candidate[],
  boxes: readonly Box[],
  options: TrackerOptions,
): Pair[] {
  return assign(
    tracks.map((track) =>
      boxes.map((box) => {
        const overlap = iou(track.box, box);
        return overlap >= options.minIou ? 1 - overlap : Infinity;
      }),
    ),
  );
}

/**
 * Pairs tracks with detected boxes by the distance of their centres in face sizes: for a face that moved further than
 * its own width since the last detection, or that comes out of hiding beside its expected place.
 */
export function pairByDistance(
  tracks: readonly Candidate[],
  boxes: readonly Box[],
  options: TrackerOptions,
): Pair[] {
  return assign(
    tracks.map((track) => {
      const size = sizeOf(track.box);
      const reach = options.maxDistance + options.maxDistancePerSecond * track.unseenSeconds;
      return boxes.map((box) => {
        const change = sizeOf(box) / size;
        if (Math.max(change, 1 / change) > options.maxSizeChange) return Infinity;
        const from = centre(track.box);
        const to = centre(box);
        const distance = Math.hypot(to.x - from.x, to.y - from.y) / size;
        return distance <= reach ? distance : Infinity;
      });
    }),
  );
}
