import { assign, type Pair } from '../core/assignment.js';
import type { Detection, Track } from '../core/face.js';
import { centre, iou, type Box } from '../core/geometry.js';
import { FollowedFace, sizeOf, type Candidate } from './followed-face.js';
import { defaultTrackerOptions, type TrackerOptions } from './options.js';

/** The result of one call of `Tracker.update`. */
export interface TrackerUpdate {
  /** Every track that has not ended, including tentative and lost ones, in the order of their ids. */
  readonly tracks: readonly Track[];
  /** The tracks that this update confirmed. */
  readonly started: readonly Track[];
  /** Confirmed tracks that ended, in the state in which they were last seen. */
  readonly ended: readonly Track[];
}

/**
 * Follows faces from detection to detection and gives each a track id.
 *
 * A Kalman filter per face predicts its box, and predictions are paired with detections so that the sum of overlaps is
 * largest: A. Bewley et al., "Simple online and realtime tracking" (SORT), ICIP 2016. Because detections may be far
 * apart in time, the remaining faces and detections are paired by distance. Tentative tracks are paired last, so that a
 * false positive cannot take the detection of a confirmed track.
 *
 * Times are in milliseconds on any one clock. A time before the last one is treated as the last one.
 */
export class Tracker {
  readonly #options: TrackerOptions;
  #faces: FollowedFace[] = [];
  #nextId = 1;
  #timeMs = -Infinity;

  constructor(options: Partial<TrackerOptions> = {}) {
    this.#options = { ...defaultTrackerOptions, ...options };
  }

  /** Updates the tracks with all detections of one frame. */
  update(detections: readonly Detection[], timeMs: number): TrackerUpdate {
    const now = Math.max(timeMs, this.#timeMs);
    this.#timeMs = now;
    const ended = this.#forget(now);
    const confirmedBefore = new Set(this.#faces.filter((face) => face.isConfirmed));
    this.#start(this.#match(detections, now), now);
    const started = this.#faces.filter((face) => face.isConfirmed && !confirmedBefore.has(face));
    return { tracks: this.#snapshot(this.#faces, now), started: this.#snapshot(started, now), ended };
  }

  /** Predicts the tracks at a time when no detection ran, without changing them. */
  predict(timeMs: number): readonly Track[] {
    const now = Math.max(timeMs, this.#timeMs);
    return this.#faces.filter((face) => !face.isGone(now)).map((face) => face.prediction(now));
  }

  /** Ends all tracks and returns the confirmed ones in their last state. The tracker may be used again. */
  close(): readonly Track[] {
    return this.#forget(Infinity);
  }

  #snapshot(faces: readonly FollowedFace[], now: number): Track[] {
    return faces.map((face) => face.track(now));
  }

  #forget(now: number): Track[] {
    const gone = this.#faces.filter((face) => face.isGone(now));
    this.#faces = this.#faces.filter((face) => !face.isGone(now));
    return gone.filter((face) => face.isConfirmed).map((face) => face.farewell());
  }

  /** Assigns detections to faces, and returns the detections that belong to no known face. */
  #match(detections: readonly Detection[], now: number): readonly Detection[] {
    let open = detections;
    const confirmed = this.#faces.filter((face) => face.isConfirmed);
    const tentative = this.#faces.filter((face) => !face.isConfirmed);
    for (const group of [confirmed, tentative]) {
      let waiting = group;
      for (const pairUp of [pairByOverlap, pairByDistance]) {
        const candidates = waiting.map((face) => face.candidate(now));
        const boxes = open.map((detection) => detection.box);
        const pairs = pairUp(candidates, boxes, this.#options);
        for (const [row, column] of pairs) waiting[row]!.see(open[column]!, now);
        waiting = waiting.filter((_, index) => !pairs.some(([row]) => row === index));
        open = open.filter((_, index) => !pairs.some(([, column]) => column === index));
      }
      for (const face of waiting) face.miss();
    }
    return open;
  }

  #start(detections: readonly Detection[], now: number): void {
    for (const detection of detections) {
      this.#faces.push(new FollowedFace(this.#nextId++, detection, now, this.#options));
    }
  }
}

/** Pairs tracks with detected boxes by overlap. */
function pairByOverlap(tracks: readonly Candidate[], boxes: readonly Box[], options: TrackerOptions): Pair[] {
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
 * Pairs tracks with detected boxes by the distance of their centres in face sizes. This finds a face that moved further
 * than its own width since the last detection, or that was hidden and reappears beside its expected place.
 */
function pairByDistance(
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
