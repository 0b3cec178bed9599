import type { FaceOverlay } from '../annotate/overlay.js';
import type { LabelCache } from '../annotate/label-cache.js';
import { asSightlineError, SightlineError } from '../core/errors.js';
import type { Track } from '../core/face.js';
import type { Point } from '../core/geometry.js';
import type { Frame } from '../core/image.js';
import { scaleBox, scaleDetection } from '../core/scale-detection.js';
import type { FaceDetector, VideoSearch } from '../detection/face-detector.js';
import { withinRegion } from '../detection/within-region.js';
import { cameraOffline, cameraOnline } from '../events/build-event.js';
import type { EventBus } from '../events/event-bus.js';
import type { SourceState } from '../ingest/video-source.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import type { Recognizer, Transition } from '../recognition/recognizer.js';
import { SceneChange } from '../tracking/scene-change.js';
import { Tracker } from '../tracking/tracker.js';
import type { Camera, CameraState, CameraStatus, Picture, PictureVariant } from './camera.js';
import type { DetectionTurns } from './detection-scheduler.js';
import { faceOverlay } from './face-overlay.js';
import { FrameHistory } from './frame-history.js';
import { PictureMaker } from './picture-maker.js';
import { RateMeter } from './rate-meter.js';
import { TrackTeller, type FrameRef, type TrackTellerOptions } from './track-teller.js';

/** A source of frames, as ingest/ makes it. */
export interface FrameSource {
  /** Frames decoded since the start, dropped ones included. */
  readonly frames: number;
  /** Frames dropped since the start because all buffers were in use. */
  readonly dropped: number;
  start(): void;
  close(): Promise<void>;
}

export interface SourceHandlers {
  readonly onFrame: (frame: Frame) => void;
  readonly onState: (state: SourceState) => void;
}

export interface CameraPipelineOptions {
  readonly id: string;
  readonly name: string;
  /** The source for people to read, without credentials. */
  readonly sourceLabel: string;
  readonly createSource: (handlers: SourceHandlers) => FrameSource;
  /** A smaller stream of the same camera to find faces in; undefined when they are found in the stream itself. */
  readonly createSearchSource: ((handlers: SourceHandlers) => FrameSource) | undefined;
  readonly detector: FaceDetector;
  readonly turns: DetectionTurns;
  /** Corners of the part of the picture that counts, in fractions of its size; undefined for all of it. */
  readonly region: readonly Point[] | undefined;
  /** Undefined when this camera only detects. */
  readonly createRecognizer:
    ((onTransition: (track: Track, transition: Transition) => void) => Recognizer) | undefined;
  readonly people: TrackTellerOptions['people'];
  readonly labels: LabelCache;
  readonly jpegQuality: number;
  readonly bus: EventBus;
  readonly metrics: Metrics;
  readonly log: Logger;
}

const rateWindowMs = 5000;
const latestTimeoutMs = 3000;
/** A face seen so lately counts as in view: detectors that search in parts see each only now and then. */
const inViewMs = 500;
/** Two streams of a camera differ by some hundred ms; a face has moved on after more. */
const historyReachMs = 500;
/** Frames of the large stream kept for the smaller one. */
export const historyFrames = 4;

/**
 * One camera: frames come in, faces are found, followed and recognised, pictures and events go out. Two paths share
 * each frame. Video: every frame goes to the picture maker, with the tracks as they stand. Faces: when the detector
 * is free and its turn has come, the frame is searched; a detector that takes long never holds the video up.
 */
export class CameraPipeline implements Camera {
  readonly #options: CameraPipelineOptions;
  readonly #source: FrameSource;
  readonly #searchSource: FrameSource | undefined;
  /** Frames in which to look up what was found in the smaller stream. */
  readonly #history = new FrameHistory(historyFrames, historyReachMs);
  readonly #search: VideoSearch;
  readonly #tracker = new Tracker();
  readonly #scene = new SceneChange();
  /** When the scene changed, while no picture since then was searched; on the clock of `capturedMonotonic`. */
  #cutAt: number | undefined;
  readonly #recognizer: Recognizer | undefined;
  readonly #teller: TrackTeller;
  readonly #pictures: PictureMaker;
  readonly #frameRate = new RateMeter(rateWindowMs);
  readonly #detectionRate = new RateMeter(rateWindowMs);
  #state: CameraState = 'connecting';
  #since = Date.now();
  #error: SightlineError | undefined;
  #searchError: SightlineError | undefined;
  #size: { width: number; height: number } | undefined;
  #encodeDrops = 0;
  #faces = 0;
  /** Of the newest frame searched, for events about tracks that end without one. */
  #searched: FrameRef | undefined;
  #searching: Promise<void> | undefined;
  #closed = false;

  constructor(options: CameraPipelineOptions) {
    this.#options = options;
    const search = options.detector.video();
    this.#search = options.region === undefined ? search : withinRegion(search, options.region);
    const { id, name, bus, people, log } = options;
    this.#teller = new TrackTeller({
      camera: { id, name },
      bus,
      people,
      identity: (trackId) => this.#recognizer?.identity(trackId) ?? { state: 'undecided' },
      onError: (error) => log.error({ camera: id, err: error }, 'Who was seen could not be kept'),
    });
    this.#recognizer = options.createRecognizer?.((track, transition) =>
      this.#teller.decided(track, transition),
    );
    this.#pictures = new PictureMaker({
      jpegQuality: options.jpegQuality,
      labels: options.labels,
      overlays: (frame) => this.#overlays(frame),
      onEncoded: (frame) =>
        options.metrics.observeAnnotated(options.id, performance.now() - frame.capturedMonotonic),
      onDropped: () => this.#encodeDrops++,
      onError: (error) =>
        options.log.error({ camera: options.id, err: error }, 'A picture could not be made'),
    });
    this.#source = options.createSource({
      onFrame: (frame) => this.#onFrame(frame),
      onState: (state) => this.#onSourceState(state),
    });
    this.#searchSource = options.createSearchSource?.({
      onFrame: (frame) => {
        this.#offerToSearch(frame, this.#history.nearest(frame.capturedMonotonic));
        frame.release();
      },
      onState: (state) => {
        this.#searchError = 'error' in state ? state.error : undefined;
      },
    });
  }

  start(): void {
    this.#source.start();
    this.#searchSource?.start();
  }

  /** Ends the source, waits for the frame in hand, and tells of the tracks that end with it. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([this.#source.close(), this.#searchSource?.close()]);
    await this.#searching;
    this.#history.clear();
    this.#endAllTracks();
    await this.#teller.close();
    this.#pictures.close();
    this.#options.turns.close();
  }

  status(): CameraStatus {
    const now = performance.now();
    const error = this.#error ?? this.#searchError;
    return {
      id: this.#options.id,
      name: this.#options.name,
      state: this.#state,
      since: this.#since,
      source: this.#options.sourceLabel,
      error: error === undefined ? null : { code: error.code, message: error.message },
      width: this.#size?.width ?? null,
      height: this.#size?.height ?? null,
      framesPerSecond: this.#frameRate.rate(now),
      detectionsPerSecond: this.#detectionRate.rate(now),
      frames: this.#source.frames,
      dropped: { pool: this.#source.dropped, encode: this.#encodeDrops },
      detector: this.#options.detector.kind,
      faces: this.#faces,
    };
  }

  watch(variant: PictureVariant, listener: (picture: Picture) => void): () => void {
    return this.#pictures.watch(variant, listener);
  }

  latest(variant: PictureVariant): Promise<Picture> {
    return new Promise((resolve, reject) => {
      const stop = this.#pictures.watch(variant, (picture) => {
        clearTimeout(timer);
        stop();
        resolve(picture);
      });
      const timer = setTimeout(() => {
        stop();
        reject(
          new SightlineError(
            'CAMERA_NO_FRAME',
            `Camera ${this.#options.id} gave no picture; it is ${this.#state}.`,
          ),
        );
      }, latestTimeoutMs);
    });
  }

  #onFrame(frame: Frame): void {
    this.#frameRate.add(frame.capturedMonotonic);
    this.#size = { width: frame.width, height: frame.height };
    if (this.#scene.isCut(frame)) this.#cutAt ??= frame.capturedMonotonic;
    if (this.#searchSource === undefined) this.#offerToSearch(frame, frame);
    else this.#history.push(frame);
    this.#pictures.offer(frame);
  }

  /** Searches `frame` when it is this camera's turn. What is found is looked up in `full`, the large frame of then. */
  #offerToSearch(frame: Frame, full: Frame | undefined): void {
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
        this.#endAllTracks();
      }
      const toFull = { x: full.width / frame.width, y: full.height / frame.height };
      const toFrame = { x: 1 / toFull.x, y: 1 / toFull.y };
      const expected = this.#tracker.predict(time).map(({ box }) => scaleBox(box, toFrame));
      const found = await turns.run(() => this.#search.detect(frame, expected));
      const detections = found.map((detection) => scaleDetection(detection, toFull));
      const now = performance.now();
      metrics.observeDetection(id, now - startedAt);
      this.#detectionRate.add(now);
      const { tracks, started, ended } = this.#tracker.update(detections, time);
      const { sequence, width, height, capturedAt } = full;
      this.#searched = { sequence, width, height, capturedAt };
      this.#faces = tracks.filter(
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

  #onSourceState(state: SourceState): void {
    const before = this.#state;
    this.#state = state.state;
    this.#error = 'error' in state ? state.error : undefined;
    if (state.state === before) return;
    const { id, name } = this.#options;
    this.#since = Date.now();
    if (state.state === 'online') {
      this.#teller.camera(cameraOnline({ id, name }));
    } else if (state.state !== 'connecting') {
      this.#endAllTracks();
      const reason = this.#error && { code: this.#error.code, message: this.#error.message };
      this.#teller.camera(cameraOffline({ id, name }, reason ?? null));
    }
  }

  #isPastCut(time: number): boolean {
    return this.#cutAt !== undefined && time >= this.#cutAt;
  }

  /** Whoever was in view is not followed over a gap in the picture. */
  #endAllTracks(): void {
    this.#faces = 0;
    const ended = this.#tracker.close();
    if (this.#searched !== undefined) this.#endTracks(ended, this.#searched);
  }

  #endTracks(ended: readonly Track[], frame: FrameRef): void {
    for (const track of ended) {
      this.#teller.ended(track, frame);
      this.#recognizer?.forget(track.id);
    }
  }

  #overlays(frame: Frame): FaceOverlay[] {
    const now = frame.capturedMonotonic;
    if (this.#isPastCut(now)) return [];
    return this.#tracker
      .predict(now)
      .flatMap((track) => faceOverlay(track, this.#teller.identity(track.id), now) ?? []);
  }
}
