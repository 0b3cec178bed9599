import type { FaceOverlay } from '../annotate/overlay.js';
import { asSightlineError } from '../core/errors.js';
import type { Detection, Track, Identity, Landmarks } from '../core/face.js';
import type { Point, Box } from '../core/geometry.js';
import type { Frame } from '../core/image.js';
import type { FrameRef, TrackObserver, TrackState } from '../core/track-state.js';
import { withinRegion, type FaceDetector, type VideoSearch } from '../detection/face-detector.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import { Tracker } from '../tracking/tracker.js';
import type { DetectionTurns } from './detection-scheduler.js';
import { RateMeter } from './rate-meter.js';

export interface FaceStageOptions {
  /** The camera's id. */
  readonly id: string;
  readonly detector: FaceDetector;
  readonly turns: DetectionTurns;
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
/** A face seen this recently counts as in view: detectors that search in parts do not see every face every time. */
const inViewMs = 500;

/** Finds and follows the faces of one camera, one frame at a time. What the tracks mean is up to its observers. */
export class FaceStage {
  readonly #options: FaceStageOptions;
  readonly #search: VideoSearch;
  readonly #tracker = new Tracker();
  readonly #rate = new RateMeter(rateWindowMs);
  /** When the scene changed, until a frame after that is searched; on the clock of `capturedMonotonic`. */
  #cutAt: number | undefined;
  #inView = 0;
  /** The newest frame searched, for tracks that end without one. */
  #searched: FrameRef | undefined;
  #searching: Promise<void> | undefined;

  constructor(options: FaceStageOptions) {
    this.#options = options;
    const search = options.detector.video();
    this.#search = options.region === undefined ? search : withinRegion(search, options.region);
  }

  /** Faces in view now. */
  get inView(): number {
    return this.#inView;
  }

  /** Frames searched per second over the last few seconds. */
  detectionsPerSecond(now: number): number {
    return this.#rate.rate(now);
  }

  /** Reports that frames from this time on show another scene. */
  cut(time: number): void {
    this.#cutAt ??= time;
  }

  /**
   * Searches `frame` if it is this camera's turn. Detections are converted to pixels of `full`, the main stream's frame of
   * the same moment; without one the frame is skipped.
   */
  offer(frame: Frame, full: Frame | undefined): void {
    if (full === undefined || this.#searching !== undefined || !this.#options.turns.admit()) return;
    frame.retain();
    full.retain();
    this.#searching = this.#searchFrame(frame, full).finally(() => {
      frame.release();
      full.release();
      this.#searching = undefined;
    });
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
      return faceOverlay(track, identity, time) ?? [];
    });
  }

  /** Waits for the current frame, ends the tracks and closes the observers. Offer no more frames afterwards. */
  async close(): Promise<void> {
    await this.#searching;
    this.#search.end();
    this.endAll();
    for (const observer of this.#options.observers) {
      try {
        await observer.close();
      } catch (error) {
        this.#onObserverError(error);
      }
    }
  }

  /** Never rejects. */
  async #searchFrame(frame: Frame, full: Frame): Promise<void> {
    const { id, log } = this.#options;
    try {
      const time = full.capturedMonotonic;
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
    const { id, turns, metrics } = this.#options;
    const startedAt = performance.now();
    const toFull = { x: full.width / frame.width, y: full.height / frame.height };
    const toFrame = { x: 1 / toFull.x, y: 1 / toFull.y };
    const expected = this.#tracker.predict(full.capturedMonotonic).map(({ box }) => scaleBox(box, toFrame));
    const found = await turns.run(() => this.#search.detect(frame, expected, full.capturedMonotonic));
    const now = performance.now();
    metrics.observeDetection(id, now - startedAt);
    this.#rate.add(now);
    return found.map((detection) => scaleDetection(detection, toFull));
  }

  #follow(frame: Frame, detections: readonly Detection[]): void {
    const time = frame.capturedMonotonic;
    const { tracks, started, ended } = this.#tracker.update(detections, time);
    const { sequence, width, height, capturedAt } = frame;
    const searched = { sequence, width, height, capturedAt };
    this.#searched = searched;
    this.#inView = tracks.filter(
      ({ state, lastSeenAt }) => state !== 'tentative' && time - lastSeenAt < inViewMs,
    ).length;
    for (const track of started) this.#tell((observer) => observer.started(track, searched));
    this.#endTracks(ended, searched);
    this.#tell((observer) => observer.observe(frame, tracks));
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

/** After this long unseen a box is dashed: it shows where the face is expected. */
const expectedAfterMs = 200;
/** After this long unseen a box is not drawn any more. */
const goneAfterMs = 800;

/**
 * How a track is drawn: its box with name, confidence and track id. Undefined for a tentative track, or one that was not
 * seen for too long.
 * @param nowMs on the tracker's clock
 */
function faceOverlay(track: Track, identity: Identity, nowMs: number): FaceOverlay | undefined {
  const unseenMs = nowMs - track.lastSeenAt;
  if (track.state === 'tentative' || unseenMs > goneAfterMs) return undefined;
  return {
    box: track.box,
    label: `${describe(identity)} #${track.id}`,
    tone: identity.state,
    dashed: unseenMs > expectedAfterMs,
  };
}

function describe(identity: Identity): string {
  if (identity.state === 'undecided') return '…';
  if (identity.state === 'unknown')
    return identity.unknown === undefined ? 'unknown' : `unknown ${identity.unknown.number}`;
  // An identity is never certain, so it never shows 100 %.
  const percent = Math.min(99, Math.round(identity.evidence.confidence * 100));
  return `${identity.person.name} ${percent}%`;
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
