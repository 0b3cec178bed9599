import type { FaceOverlay } from '../annotate/overlay.js';
import { asSightlineError } from '../core/errors.js';
import type { Detection, Track, Identity, Landmarks } from '../core/face.js';
import type { Point, Box } from '../core/geometry.js';
import type { Frame } from '../core/image.js';
import type { DoubtSettler, FrameRef, TrackObserver, TrackState } from '../core/track-state.js';
import { withinRegion, type FaceDetector, type VideoSearch } from '../detection/face-detector.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import { lumaGrid } from '../tracking/luma-grid.js';
import { SceneChange } from '../tracking/scene-change.js';
import { Tracker } from '../tracking/tracker.js';
import type { DetectionScheduler, DetectionTurns } from './detection-scheduler.js';
import type { SearchFigures } from './overload-watch.js';
import { RateMeter } from './rate-meter.js';
import { SearchPace } from './search-pace.js';

/** Where frames are searched: a detector, and the turns at it. */
export interface SearchPlace {
  readonly detector: FaceDetector;
  readonly scheduler: Pick<DetectionScheduler, 'join'>;
}

export interface FaceStageOptions {
  /** The camera's id. */
  readonly id: string;
  readonly place: SearchPlace;
  /** Most searches a second, or `auto` for as many as there is time for. */
  readonly rate: number | 'auto';
  /** Corners of the part of the picture that counts, in fractions of its size; undefined for all of it. */
  readonly region: readonly Point[] | undefined;
  /** Notified of the tracks. An error in one does not affect the others. */
  readonly observers: readonly TrackObserver[];
  /** The current state of a track, for drawing. */
  readonly trackState: (trackId: number) => TrackState | undefined;
  readonly metrics: Pick<Metrics, 'observeDetection'>;
  readonly log: Pick<Logger, 'error'>;
}

const rateWindowMs = 5000;
/**
 * A face seen this recently, or within so many intervals between searches, counts as in view: detectors that search in
 * parts do not see every face every time.
 */
const inView = { leastMs: 500, intervals: 1.5 };

/** A frame to search, and the frame of the main stream that shows the same moment. */
interface Pair {
  readonly frame: Frame;
  readonly full: Frame;
}

/** A search through a camera's frames, and the turns at the place where it runs. */
interface Seat {
  readonly detector: FaceDetector;
  readonly search: VideoSearch;
  readonly turns: DetectionTurns;
}

/**
 * Finds and follows the faces of one camera, one frame at a time. What the tracks mean is up to its observers. The newest
 * frame that is worth a search waits for the camera's turn; an older one that still waits is let go.
 */
export class FaceStage {
  readonly #options: FaceStageOptions;
  readonly #tracker = new Tracker();
  readonly #scene = new SceneChange();
  readonly #pace = new SearchPace();
  readonly #frameRate = new RateMeter(rateWindowMs);
  readonly #rate = new RateMeter(rateWindowMs);
  #seat: Seat;
  /** When the scene changed, until a frame after that is searched; on the clock of `capturedMonotonic`. */
  #cutAt: number | undefined;
  #inView = 0;
  #offeredAt = -Infinity;
  /** The newest frame searched, for tracks that end without one. */
  #searched: FrameRef | undefined;
  #waiting: Pair | undefined;
  #searching: Promise<void> = Promise.resolve();
  #moving: Promise<void> = Promise.resolve();
  #isClosed = false;
  readonly #skipped = { search: 0, idle: 0 };

  constructor(options: FaceStageOptions) {
    this.#options = options;
    this.#seat = this.#join(options.place);
  }

  /** Faces in view now. */
  get inView(): number {
    return this.#inView;
  }

  /** The detector's kind. */
  get detector(): string {
    return this.#seat.detector.kind;
  }

  /** Frames that were not searched: `search` gave way to a newer one while waiting, `idle` showed no movement. */
  get skipped(): Readonly<Record<'search' | 'idle', number>> {
    return { ...this.#skipped };
  }

  /** How often frames are searched, and what that depends on. */
  figures(now: number): SearchFigures {
    return {
      ...this.#seat.turns.load(),
      state: this.#pace.state(this.#offeredAt),
      framesPerSecond: this.#frameRate.rate(now),
      detectionsPerSecond: this.#rate.rate(now),
    };
  }

  /**
   * Has `frame` searched when it is this camera's turn, if it is worth a search and no newer one comes before. Detections
   * are converted to pixels of `full`, the main stream's frame of the same moment; without one the frame is skipped.
   */
  offer(frame: Frame, full: Frame | undefined): void {
    const grid = lumaGrid(frame);
    const time = frame.capturedMonotonic;
    this.#offeredAt = time;
    if (this.#scene.isCut(grid)) this.#cutAt ??= time;
    this.#pace.see(grid, time);
    if (full === undefined) return;
    this.#frameRate.add(time);
    if (!this.#pace.isDue(time)) return void this.#skipped.idle++;
    if (this.#waiting !== undefined) this.#skipped.search++;
    this.#replaceWaiting({ frame, full });
    this.#seat.turns.request();
  }

  /** Searches at another place from the next frame on. Resolves when the place before is no longer used. */
  moveTo(place: SearchPlace): Promise<void> {
    this.#moving = this.#moving.then(() => this.#moveTo(place));
    return this.#moving;
  }

  async #moveTo(place: SearchPlace): Promise<void> {
    if (this.#isClosed) return;
    const before = this.#seat;
    before.turns.close();
    await this.#searching;
    before.search.end();
    this.#seat = this.#join(place);
    if (this.#waiting !== undefined) this.#seat.turns.request();
  }

  #join({ detector, scheduler }: SearchPlace): Seat {
    const { region, rate } = this.#options;
    const search = detector.video();
    return {
      detector,
      search: region === undefined ? search : withinRegion(search, region),
      turns: scheduler.join({ rate, search: () => this.#searchWaiting() }),
    };
  }

  #replaceWaiting(pair: Pair | undefined): void {
    pair?.frame.retain();
    pair?.full.retain();
    this.#waiting?.frame.release();
    this.#waiting?.full.release();
    this.#waiting = pair;
  }

  /** Ends all tracks, because faces cannot be followed across a gap in the video. */
  endAll(): void {
    this.#inView = 0;
    const ended = this.#tracker.close();
    if (this.#searched !== undefined) this.#endTracks(ended, this.#searched);
  }

  /** The faces to draw on a picture of this time. */
  overlays(time: number): FaceOverlay[] {
    if (this.#isPastCut(time)) return [];
    return this.#tracker.predict(time).flatMap((track) => {
      const { identity } = this.#options.trackState(track.id) ?? { identity: { state: 'undecided' } };
      return faceOverlay(track, identity, time, this.#tracker.intervalMs) ?? [];
    });
  }

  /** Waits for the current frame, ends the tracks and closes the observers. Offer no more frames afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#replaceWaiting(undefined);
    await this.#moving;
    this.#seat.turns.close();
    await this.#searching;
    this.#seat.search.end();
    this.endAll();
    for (const observer of this.#options.observers) {
      try {
        await observer.close();
      } catch (error) {
        this.#onObserverError(error);
      }
    }
  }

  #searchWaiting(): Promise<void> {
    const pair = this.#waiting;
    if (pair === undefined) return Promise.resolve();
    this.#waiting = undefined;
    this.#searching = this.#searchFrame(pair).finally(() => {
      this.#rate.add(performance.now());
      pair.frame.release();
      pair.full.release();
    });
    return this.#searching;
  }

  /** Never rejects. */
  async #searchFrame({ frame, full }: Pair): Promise<void> {
    const { id, log } = this.#options;
    try {
      const time = full.capturedMonotonic;
      this.#pace.searching(frame.capturedMonotonic);
      if (this.#isPastCut(time)) {
        this.#cutAt = undefined;
        this.endAll();
      }
      const detections = await this.#detect(frame, full);
      this.#follow(full, detections);
    } catch (error) {
      const err = asSightlineError(error, 'DETECTOR_FAILED');
      log.error({ camera: id, err }, 'A frame could not be searched');
    }
  }

  /** Faces found in `frame`, in pixels of `full`. */
  async #detect(frame: Frame, full: Frame): Promise<Detection[]> {
    const { id, metrics } = this.#options;
    const startedAt = performance.now();
    const toFull = { x: full.width / frame.width, y: full.height / frame.height };
    const toFrame = { x: 1 / toFull.x, y: 1 / toFull.y };
    const expected = this.#tracker.predict(full.capturedMonotonic).map(({ box }) => scaleBox(box, toFrame));
    const found = await this.#seat.search.detect(frame, expected, full.capturedMonotonic);
    metrics.observeDetection(id, performance.now() - startedAt);
    return found.map((detection) => scaleDetection(detection, toFull));
  }

  #follow(frame: Frame, detections: readonly Detection[]): void {
    const time = frame.capturedMonotonic;
    const { tracks, started, ended } = this.#tracker.update(detections, time, frame);
    const { sequence, width, height, capturedAt } = frame;
    const searched = { sequence, width, height, capturedAt };
    this.#searched = searched;
    this.#pace.found(tracks, time);
    const inViewMs = timeAt(inView, this.#tracker.intervalMs);
    this.#inView = tracks.filter(
      ({ state, lastSeenAt }) => state !== 'tentative' && time - lastSeenAt < inViewMs,
    ).length;
    for (const track of started) this.#startTrack(track, searched);
    this.#endTracks(ended, searched);
    this.#tell((observer) => observer.observe(frame, tracks));
  }

  #startTrack(track: Track, frame: FrameRef): void {
    const doubts: DoubtSettler = {
      trust: (ordinal) => this.#tracker.trust(track.id, ordinal),
      split: () => this.#split(track.id),
    };
    this.#tell((observer) => observer.started(track, frame, doubts));
  }

  #split(trackId: number): number | undefined {
    const frame = this.#searched;
    const split = this.#tracker.split(trackId);
    if (!split || !frame) return undefined;
    this.#endTracks([split.ended], frame);
    this.#startTrack(split.started, frame);
    return split.started.id;
  }

  #endTracks(ended: readonly Track[], frame: FrameRef): void {
    for (const track of ended) this.#tell((observer) => observer.ended(track, frame));
  }

  #tell(tell: (observer: TrackObserver) => void): void {
    for (const observer of this.#options.observers) {
      try {
        tell(observer);
      } catch (error) {
        this.#onObserverError(error);
      }
    }
  }

  #onObserverError(err: unknown): void {
    this.#options.log.error({ camera: this.#options.id, err }, 'An observer of tracks failed');
  }

  #isPastCut(time: number): boolean {
    return this.#cutAt !== undefined && time >= this.#cutAt;
  }
}

/** A time that must hold at any rate of searches: the larger of a time and a number of intervals between searches. */
interface TimeLimit {
  readonly leastMs: number;
  readonly intervals: number;
}

function timeAt({ leastMs, intervals }: TimeLimit, intervalMs: number): number {
  return Math.max(leastMs, intervals * intervalMs);
}

/** After this long unseen a box is dashed: it shows where the face is expected. */
const expectedAfter: TimeLimit = { leastMs: 200, intervals: 1.25 };
/** After this long unseen a box is not drawn any more. */
const goneAfter: TimeLimit = { leastMs: 800, intervals: 1.75 };

/**
 * How a track is drawn: its box with name, confidence and track id; dashed also while the name is held. Undefined for a
 * tentative track, or one that was not seen for too long.
 * @param nowMs on the tracker's clock
 */
function faceOverlay(
  track: Track,
  identity: Identity,
  nowMs: number,
  intervalMs: number,
): FaceOverlay | undefined {
  const unseenMs = nowMs - track.lastSeenAt;
  if (track.state === 'tentative' || unseenMs > timeAt(goneAfter, intervalMs)) return undefined;
  return {
    box: track.box,
    label: `${describe(identity)} #${track.id}`,
    tone: identity.state,
    dashed: identity.state === 'held' || unseenMs > timeAt(expectedAfter, intervalMs),
  };
}

function describe(identity: Identity): string {
  switch (identity.state) {
    case 'undecided':
      return '…';
    case 'unknown':
      return identity.unknown === undefined ? 'unknown' : `unknown ${identity.unknown.number}`;
    case 'known': {
      // An identity is never certain, so it never shows 100 %.
      const percent = Math.min(99, Math.round(identity.evidence.confidence * 100));
      return `${identity.person.name} ${percent}%`;
    }
    case 'held':
      return `${identity.before.state === 'known' ? identity.before.person.name : describe(identity.before)}?`;
  }
}

/** Scales a box to a picture that is `scale.x` times as wide and `scale.y` times as high. */
function scaleBox({ x, y, width, height }: Box, scale: Point): Box {
  return { x: x * scale.x, y: y * scale.y, width: width * scale.x, height: height * scale.y };
}

/** Scales a detection to a picture that is `scale.x` times as wide and `scale.y` times as high. */
function scaleDetection({ box, score, landmarks }: Detection, scale: Point): Detection {
  const points = landmarks.map(({ x, y }) => ({ x: x * scale.x, y: y * scale.y }));
  return { box: scaleBox(box, scale), score, landmarks: points as unknown as Landmarks };
}
