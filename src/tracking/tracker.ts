import { assign, type Pair } from '../core/assignment.js';
import type { Detection, Track } from '../core/face.js';
import { centre, iou, type Box } from '../core/geometry.js';
import type { Image } from '../core/image.js';
import { SearchInterval } from '../core/search-interval.js';
import { sizeOf } from './box-motion.js';
import type { Sight } from './doubt.js';
import { facePatch } from './face-patch.js';
import { FollowedFace, type Candidate, type SearchMoment } from './followed-face.js';
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

/** What became of a track that had gone over to another face. */
export interface TrackSplit {
  /** As it was before that was in doubt. */
  readonly ended: Track;
  /** The new track of the other face. */
  readonly started: Track;
}

/**
 * Follows faces from detection to detection and gives each a track id.
 *
 * A Kalman filter per face predicts its box, and predictions are paired with detections so that the sum of overlaps is
 * largest: A. Bewley et al., "Simple online and realtime tracking" (SORT), ICIP 2016. Because detections may be far
 * apart in time, the remaining faces and detections are paired by distance. Tentative tracks are paired last, so that a
 * false positive cannot take the detection of a confirmed track.
 *
 * A pair that need not be the same face (`reasonToDoubt`) raises a doubt about the track, for `trust` or `split` to settle.
 *
 * Times are in milliseconds on any one clock. A time before the last one is treated as the last one.
 */
export class Tracker {
  readonly #options: TrackerOptions;
  #faces: FollowedFace[] = [];
  #nextId = 1;
  #timeMs = -Infinity;
  #interval = new SearchInterval();

  constructor(options: Partial<TrackerOptions> = {}) {
    this.#options = { ...defaultTrackerOptions, ...options };
  }

  /** The interval between searches at present; 0 while it is not known. */
  get intervalMs(): number {
    return this.#interval.ms;
  }

  /**
   * Updates the tracks with all detections of one frame.
   * @param picture the frame's pixels, to notice that a face does not look like itself any more
   */
  update(detections: readonly Detection[], timeMs: number, picture?: Image): TrackerUpdate {
    const now = Math.max(timeMs, this.#timeMs);
    this.#timeMs = now;
    this.#interval.add(now);
    const ended = this.#forget(now);
    const confirmedBefore = new Set(this.#faces.filter((face) => face.isConfirmed));
    const sights = detections.map((detection): Sight => {
      const patch = picture && facePatch(picture, detection.landmarks);
      return { detection, patch, timeMs: now };
    });
    this.#noteContests(now);
    this.#start(this.#match(sights, now));
    const started = this.#faces.filter((face) => face.isConfirmed && !confirmedBefore.has(face));
    return { tracks: this.#snapshot(this.#faces, now), started: this.#snapshot(started, now), ended };
  }

  /** Predicts the tracks at a time when no detection ran, without changing them. */
  predict(timeMs: number): readonly Track[] {
    const now = Math.max(timeMs, this.#timeMs);
    const moment = this.#moment(now);
    return this.#faces.filter((face) => !face.isGone(moment)).map((face) => face.prediction(now));
  }

  /** Settles the doubts about a track up to `ordinal`: an observation showed the same face as before. */
  trust(id: number, ordinal: number): void {
    this.#faces.find((face) => face.id === id)?.trust(ordinal);
  }

  /** Ends a confirmed track that shows another face by now, and starts a confirmed one for that; undefined if it is gone. */
  split(id: number): TrackSplit | undefined {
    const index = this.#faces.findIndex((face) => face.id === id && face.isConfirmed);
    const face = this.#faces[index];
    if (!face) return undefined;
    const { before, after } = face.split(this.#nextId++);
    this.#faces.splice(index, 1);
    this.#faces.push(after);
    return { ended: before, started: after.track(this.#timeMs) };
  }

  /** Ends all tracks and returns the confirmed ones in their last state. The tracker may be used again. */
  close(): readonly Track[] {
    this.#interval = new SearchInterval();
    return this.#forget(Infinity);
  }

  #moment(timeMs: number): SearchMoment {
    return { timeMs, intervalMs: this.#interval.ms };
  }

  #snapshot(faces: readonly FollowedFace[], now: number): Track[] {
    return faces.map((face) => face.track(now));
  }

  #forget(now: number): Track[] {
    const moment = this.#moment(now);
    const gone = this.#faces.filter((face) => face.isGone(moment));
    this.#faces = this.#faces.filter((face) => !face.isGone(moment));
    return gone.filter((face) => face.isConfirmed).map((face) => face.farewell());
  }

  /** Tells confirmed faces which of them are expected at one place. */
  #noteContests(now: number): void {
    const confirmed = this.#faces.filter((face) => face.isConfirmed);
    const boxes = confirmed.map((face) => face.candidate(now).box);
    for (const [index, face] of confirmed.entries()) {
      const box = boxes[index]!;
      face.contest(boxes.some((other, at) => at !== index && iou(box, other) >= this.#options.minIou));
    }
  }

  /** Assigns sights to faces, and returns those that belong to no known face. */
  #match(sights: readonly Sight[], now: number): readonly Sight[] {
    let open = sights;
    const moment = this.#moment(now);
    const confirmed = this.#faces.filter((face) => face.isConfirmed);
    const tentative = this.#faces.filter((face) => !face.isConfirmed);
    for (const group of [confirmed, tentative]) {
      let waiting = group;
      for (const pairUp of [pairByOverlap, pairByDistance]) {
        const candidates = waiting.map((face) => face.candidate(now));
        const boxes = open.map(({ detection }) => detection.box);
        const pairs = pairUp(candidates, boxes, this.#options, moment.intervalMs);
        for (const [row, column] of pairs) waiting[row]!.see(open[column]!, moment);
        waiting = waiting.filter((_, index) => !pairs.some(([row]) => row === index));
        open = open.filter((_, index) => !pairs.some(([, column]) => column === index));
      }
      for (const face of waiting) face.miss();
    }
    return open;
  }

  #start(sights: readonly Sight[]): void {
    for (const sight of sights) this.#faces.push(new FollowedFace(this.#nextId++, sight, this.#options));
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
  intervalMs: number,
): Pair[] {
  const longSeconds = Math.max(0, intervalMs - options.briefIntervalMs) / 1000;
  const least = options.maxDistance + options.maxDistancePerIntervalSecond * longSeconds;
  return assign(
    tracks.map((track) => {
      const size = sizeOf(track.box);
      const reach = least + options.maxDistancePerSecond * track.unseenSeconds;
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
