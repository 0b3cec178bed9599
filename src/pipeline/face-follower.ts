import type { FaceOverlay } from '../annotate/overlay.js';
import { asSightlineError } from '../core/errors.js';
import type { Track } from '../core/face.js';
import type { Point } from '../core/geometry.js';
import type { Frame } from '../core/image.js';
import { scaleBox, scaleDetection } from '../core/scale-detection.js';
import type { FaceDetector, VideoSearch } from '../detection/face-detector.js';
import { withinRegion } from '../detection/within-region.js';
import type { EventPublisher } from '../events/event-publisher.js';
import type { EventDraft } from '../events/identity-event.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import type { Recognizer, Transition } from '../recognition/track/recognizer.js';
import { Tracker } from '../tracking/tracker.js';
import type { DetectionTurns } from './detection-scheduler.js';
import { faceOverlay } from './face-overlay.js';
import { RateMeter } from './rate-meter.js';
import { TrackTeller, type FrameRef, type TrackTellerOptions } from './track-teller.js';

export interface FaceFollowerOptions {
  /** Of the camera. */
  readonly id: string;
  readonly name: string;
  readonly detector: FaceDetector;
  readonly turns: DetectionTurns;
  /** Corners of the part of the picture that counts, in fractions of its size; undefined for all of it. */
  readonly region: readonly Point[] | undefined;
  /** Undefined when this camera only detects. */
  readonly createRecognizer:
    ((onTransition: (track: Track, transition: Transition) => void) => Recognizer) | undefined;
  readonly people: TrackTellerOptions['people'];
  readonly publisher: Pick<EventPublisher, 'publish'>;
  readonly metrics: Metrics;
  readonly log: Logger;
}

const rateWindowMs = 5000;
/** A face seen so lately counts as in view: detectors that search in parts see each only now and then. */
const inViewMs = 500;

/** Finds, follows and recognises the faces of one camera, one frame at a time, and tells what becomes of them. */
export class FaceFollower {
  readonly #options: FaceFollowerOptions;
  readonly #search: VideoSearch;
  readonly #tracker = new Tracker();
  readonly #recognizer: Recognizer | undefined;
  readonly #teller: TrackTeller;
  readonly #rate = new RateMeter(rateWindowMs);
  /** When the scene changed, while no picture since then was searched; on the clock of `capturedMonotonic`. */
  #cutAt: number | undefined;
  #inView = 0;
  /** Of the newest frame searched, for events about tracks that end without one. */
  #searched: FrameRef | undefined;
  #searching: Promise<void> | undefined;

  constructor(options: FaceFollowerOptions) {
    this.#options = options;
    const search = options.detector.video();
    this.#search = options.region === undefined ? search : withinRegion(search, options.region);
    const { id, name, publisher, people, log } = options;
    this.#teller = new TrackTeller({
      camera: { id, name },
      publisher,
      people,
      identity: (trackId) => this.#recognizer?.identity(trackId) ?? { state: 'undecided' },
      onError: (error) => log.error({ camera: id, err: error }, 'Who was seen could not be kept'),
    });
    this.#recognizer = options.createRecognizer?.((track, transition) =>
      this.#teller.decided(track, transition),
    );
  }

  /** Faces in view now. */
  get inView(): number {
    return this.#inView;
  }

  /** Frames searched a second over the last few. */
  detectionsPerSecond(now: number): number {
    return this.#rate.rate(now);
  }

  /** Tells of the camera, after all that was told of its faces. */
  tell(draft: EventDraft): void {
    this.#teller.camera(draft);
  }

  /** Pictures from this time on show another scene. */
  cut(time: number): void {
    this.#cutAt ??= time;
  }

  /** Searches `frame` when it is this camera's turn. What is found is looked up in `full`, the large frame of then. */
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

  async #searchFrame(frame: Frame, full: Frame): Promise<void> {
    const { id, turns, metrics, log } = this.#options;
    try {
      const startedAt = performance.now();
      const time = full.capturedMonotonic;
      if (this.#isPastCut(time)) {
        this.#cutAt = undefined;
        this.endAll();
      }
      const toFull = { x: full.width / frame.width, y: full.height / frame.height };
      const toFrame = { x: 1 / toFull.x, y: 1 / toFull.y };
      const expected = this.#tracker.predict(time).map(({ box }) => scaleBox(box, toFrame));
      const found = await turns.run(() => this.#search.detect(frame, expected));
      const detections = found.map((detection) => scaleDetection(detection, toFull));
      const now = performance.now();
      metrics.observeDetection(id, now - startedAt);
      this.#rate.add(now);
      const { tracks, started, ended } = this.#tracker.update(detections, time);
      const { sequence, width, height, capturedAt } = full;
      this.#searched = { sequence, width, height, capturedAt };
      this.#inView = tracks.filter(
        ({ state, lastSeenAt }) => state !== 'tentative' && time - lastSeenAt < inViewMs,
      ).length;
      for (const track of started) this.#teller.started(track, this.#searched);
      this.#endTracks(ended, this.#searched);
      this.#recognizer?.observe(full, tracks);
    } catch (error) {
      log.error(
        { camera: id, err: asSightlineError(error, 'DETECTOR_FAILED') },
        'A frame could not be searched',
      );
    }
  }

  /** Whoever was in view is not followed over a gap in the picture. */
  endAll(): void {
    this.#inView = 0;
    const ended = this.#tracker.close();
    if (this.#searched !== undefined) this.#endTracks(ended, this.#searched);
  }

  /** The faces to draw on a picture of this time. */
  overlays(time: number): FaceOverlay[] {
    if (this.#isPastCut(time)) return [];
    return this.#tracker
      .predict(time)
      .flatMap((track) => faceOverlay(track, this.#teller.identity(track.id), time) ?? []);
  }

  /** Waits for the frame in hand, and tells of the tracks that end with it. To be offered no more frames. */
  async close(): Promise<void> {
    await this.#searching;
    this.#search.end();
    this.endAll();
    await this.#teller.close();
  }

  #endTracks(ended: readonly Track[], frame: FrameRef): void {
    for (const track of ended) {
      this.#teller.ended(track, frame);
      this.#recognizer?.forget(track.id);
    }
  }

  #isPastCut(time: number): boolean {
    return this.#cutAt !== undefined && time >= this.#cutAt;
  }
}
