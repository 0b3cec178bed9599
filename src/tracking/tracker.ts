import type { Detection, Track } from '../core/face.js';
import { pairByDistance, pairByOverlap } from './association.js';
import { FollowedFace } from './followed-face.js';
import { defaultTrackerOptions, type TrackerOptions } from './options.js';

/** What one call of `Tracker.update` found. */
export interface TrackerUpdate {
  /** Every track alive, tentative and lost ones included, in order of their ids. */
  readonly tracks: readonly Track[];
  /** Those of `tracks` that were confirmed by this update. */
  readonly started: readonly Track[];
  /** Confirmed tracks that are gone, as they were last. */
  readonly ended: readonly Track[];
}

/**
 * Follows faces from detection to detection and gives each an id.
 *
 * A Kalman filter per face predicts its box; boxes and detections are paired so that the overlaps are best in sum.
 * A. Bewley et al., "Simple online and realtime tracking" (SORT), ICIP 2016. Because detections may be far apart in
 * time, faces and detections left over are paired by distance. Tentative tracks choose last, so that a false alarm
 * cannot take a face from the track that it belongs to.
 *
 * Times are milliseconds on any one clock; a time before the last one counts as the last one.
 */
export class Tracker {
  readonly #options: TrackerOptions;
  #faces: FollowedFace[] = [];
  #nextId = 1;
  #timeMs = -Infinity;

  constructor(options: Partial<TrackerOptions> = {}) {
    this.#options = { ...defaultTrackerOptions, ...options };
  }

  /** Takes in all detections of one frame. */
  update(detections: readonly Detection[], timeMs: number): TrackerUpdate {
    const now = Math.max(timeMs, this.#timeMs);
    this.#timeMs = now;
    const ended = this.#forget(now);
    const confirmedBefore = new Set(this.#faces.filter((face) => face.isConfirmed));
    this.#start(this.#match(detections, now), now);
    const started = this.#faces.filter((face) => face.isConfirmed && !confirmedBefore.has(face));
    return { tracks: this.#snapshot(this.#faces, now), started: this.#snapshot(started, now), ended };
  }

  /** The tracks as they should be at a time when no detection ran; changes nothing. */
  predict(timeMs: number): readonly Track[] {
    const now = Math.max(timeMs, this.#timeMs);
    return this.#faces.filter((face) => !face.isGone(now)).map((face) => face.prediction(now));
  }

  /** Ends everything; returns the confirmed tracks as they were last. The tracker may be used again. */
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

  /** Gives detections to the faces that they belong to; returns those that belong to none. */
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
