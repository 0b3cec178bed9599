import type { FaceOverlay } from '../annotate/overlay.js';
import { asSightlineError } from '../core/errors.js';
import type { Detection, Track, Landmarks } from '../core/face.js';
import type { Point, Box } from '../core/geometry.js';
import type { Frame } from '../core/image.js';
import type { Rotation } from '../core/turn-yuv.js';
import type { DoubtSettler, FrameRef, TrackObserver, TrackState } from '../core/track-state.js';
import { withinRegion, type FaceDetector, type VideoSearch } from '../detection/face-detector.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import { lumaGrid } from '../tracking/luma-grid.js';
import { SceneChange } from '../tracking/scene-change.js';
import { Tracker } from '../tracking/tracker.js';
import type { DetectionScheduler, DetectionTurns } from './detection-scheduler.js';
import { faceOverlay, timeAt } from './face-overlay.js';
import type { LargeFrames } from './large-frames.js';
import type { SearchFigures } from './overload-watch.js';
import { RateMeter } from './rate-meter.js';
import { SearchPace } from './search-pace.js';
import { TurnedFaces } from './turned-faces.js';

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
  /**
   * The frames of a larger stream, when those that are offered come from a smaller one: tracks are in their pixels, and
   * observers get them. Undefined when what is offered is used for all.
   */
  readonly large?: LargeFrames | undefined;
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

type Size = Pick<Frame, 'width' | 'height'>;

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
  readonly #turned = new TurnedFaces();
  #offeredAt = -Infinity;
  /** The newest frame searched, for tracks that end without one. */
  #searched: FrameRef | undefined;
  #waiting: Frame | undefined;
  #searching: Promise<void> = Promise.resolve();
  #moving: Promise<void> = Promise.resolve();
  #isClosed = false;
  readonly #skipped = { search: 0, idle: 0, unmatched: 0 };

  constructor(options: FaceStageOptions) {
    this.#options = options;
    this.#seat = this.#join(options.place);
  }

  /** Faces in view now. */
  get inView(): number {
    return this.#inView;
  }

  /** How the picture should be turned, in degrees clockwise, if its faces are not upright. */
  get turned(): Rotation | undefined {
    return this.#turned.rotation;
  }

  /** The detector's kind. */
  get detector(): string {
    return this.#seat.detector.kind;
  }

  /**
   * Frames that were not searched: `search` gave way to a newer one while waiting, `idle` showed no movement. And those of
   * the small stream that were searched in vain, because no large frame shows the same moment: `unmatched`.
   */
  get skipped(): Readonly<Record<'search' | 'idle' | 'unmatched', number>> {
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

  /** Has a frame searched when it is this camera's turn, if it is worth a search and no newer one comes before. */
  offer(frame: Frame): void {
    const grid = lumaGrid(frame);
    const time = frame.capturedMonotonic;
    this.#offeredAt = time;
    if (this.#scene.isCut(grid)) this.#cutAt ??= time;
    this.#pace.see(grid, time);
    this.#frameRate.add(time);
    if (!this.#pace.isDue(time)) return void this.#skipped.idle++;
    if (this.#waiting !== undefined) this.#skipped.search++;
    this.#replaceWaiting(frame);
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

  #replaceWaiting(frame: Frame | undefined): void {
    frame?.retain();
    this.#waiting?.release();
    this.#waiting = frame;
  }

  /** Ends all tracks, because faces cannot be followed across a gap in the video. */
  endAll(): void {
    this.#options.large?.reset();
    this.#endTracked();
  }

  /**
   * Ends all tracks once everything found in the small stream, which has stopped, has been followed in the large one: that
   * may still have to be decoded.
   */
  endSearched(): void {
    void this.#searching.then(() => this.#endInOrder());
  }

  #endInOrder(): void {
    const { large } = this.#options;
    if (large === undefined) this.#endTracked();
    else large.afterWaiting(() => this.#endTracked());
  }

  #endTracked(): void {
    this.#inView = 0;
    this.#options.large?.follow(false);
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
    const frame = this.#waiting;
    if (frame === undefined) return Promise.resolve();
    this.#waiting = undefined;
    this.#searching = this.#searchFrame(frame).finally(() => {
      this.#rate.add(performance.now());
      frame.release();
    });
    return this.#searching;
  }

  /** Never rejects. */
  async #searchFrame(frame: Frame): Promise<void> {
    const { large } = this.#options;
    try {
      const time = frame.capturedMonotonic;
      this.#pace.searching(time);
      if (this.#isPastCut(time)) {
        this.#cutAt = undefined;
        this.#endInOrder();
      }
      const detections = await this.#detect(frame);
      if (large === undefined) this.#follow(frame, detections);
      else this.#followIn(large, frame, detections);
      // Where nothing moves there is nobody either; a camera without visitors must stay cheap.
      if (this.#pace.state(time) !== 'idle') await this.#turned.look(frame, this.#seat.detector);
    } catch (error) {
      this.#onSearchError(error);
    }
  }

  /** Faces found in a frame, in its pixels. */
  async #detect(frame: Frame): Promise<Detection[]> {
    const { id, metrics } = this.#options;
    const startedAt = performance.now();
    const { capturedMonotonic: time } = frame;
    const toFrame = ratio(frame, this.#searched ?? frame);
    const expected = this.#tracker.predict(time).map(({ box }) => scaleBox(box, toFrame));
    const found = await this.#seat.search.detect(frame, expected, time);
    metrics.observeDetection(id, performance.now() - startedAt);
    return found;
  }

  /** Follows what was found in a small frame as soon as the large one of the same moment is there. */
  #followIn(large: LargeFrames, frame: Frame, found: readonly Detection[]): void {
    const { width, height, capturedMonotonic: time } = frame;
    // Without faces, old or new, no large frame is needed.
    if (found.length === 0 && !large.areNeeded) return this.#pace.found([], time);
    large.at(time, (full) => {
      if (full === undefined) return void this.#skipped.unmatched++;
      const scale = ratio(full, { width, height });
      try {
        this.#follow(
          full,
          found.map((detection) => scaleDetection(detection, scale)),
        );
      } catch (error) {
        this.#onSearchError(error);
      }
    });
  }

  #follow(frame: Frame, detections: readonly Detection[]): void {
    const time = frame.capturedMonotonic;
    const { tracks, started, ended } = this.#tracker.update(detections, time, frame);
    const { sequence, width, height, capturedAt } = frame;
    const searched = { sequence, width, height, capturedAt };
    this.#searched = searched;
    this.#pace.found(tracks, time);
    this.#options.large?.follow(tracks.length > 0);
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

  #onSearchError(error: unknown): void {
    const err = asSightlineError(error, 'DETECTOR_FAILED');
    this.#options.log.error({ camera: this.#options.id, err }, 'A frame could not be searched');
  }

  #onObserverError(err: unknown): void {
    this.#options.log.error({ camera: this.#options.id, err }, 'An observer of tracks failed');
  }

  #isPastCut(time: number): boolean {
    return this.#cutAt !== undefined && time >= this.#cutAt;
  }
}

/** How many times as wide and high one picture is as another. */
function ratio(one: Size, other: Size): Point {
  return { x: one.width / other.width, y: one.height / other.height };
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
