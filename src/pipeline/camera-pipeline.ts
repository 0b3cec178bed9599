import type { LabelCache } from '../annotate/label-cache.js';
import type { SightlineError } from '../core/errors.js';
import type { Frame } from '../core/image.js';
import type { SourceState } from '../ingest/video-source.js';
import type { Metrics } from '../observability/metrics.js';
import type { CameraState, CameraStatus, CameraView, Picture, PictureVariant } from './camera.js';
import { FaceStage, type FaceStageOptions, type SearchPlace } from './face-stage.js';
import { FrameAnnotator } from './frame-annotator.js';
import { LargeFrames } from './large-frames.js';
import { leastSearchRate, OverloadWatch, type OverloadReason } from './overload-watch.js';
import { RateMeter } from './rate-meter.js';

/** A source of frames, implemented in ingest/. */
export interface FrameSource {
  /** Frames decoded since the start, dropped ones included. */
  readonly frames: number;
  /** Frames dropped since the start because all buffers were in use. */
  readonly dropped: number;
  start(): void;
  /** Has frames for viewers delivered, or not any more. */
  showViews(isWanted: boolean): void;
  /**
   * Has frames to be searched delivered from a moment on, or not any more: for a source that decodes on demand.
   * @param since on the clock of `performance.now()`; undefined when none are wanted
   */
  wantFrames(since: number | undefined): void;
  close(): Promise<void>;
}

export interface SourceHandlers {
  /** Receives each frame to be searched, and owns it. */
  readonly onFrame: (frame: Frame) => void;
  readonly onState: (state: SourceState) => void;
}

export interface MainSourceHandlers extends SourceHandlers {
  /** Receives each frame for viewers while they are shown, and owns it. */
  readonly onView: (frame: Frame) => void;
  /** Called now and then with the number of frames decoded since the start. */
  readonly onDecoded: (frames: number) => void;
}

/** Notified when a camera starts and stops showing pictures or being overloaded, once for each change. */
export interface AvailabilityObserver {
  online(): void;
  /** Called after the tracks have ended. @param reason without credentials; null for a file that was played to its end */
  offline(reason: { readonly code: string; readonly message: string } | null): void;
  /** Searched too seldom, which ends with `recovered`, or when the camera is no longer online. */
  overloaded(reason: OverloadReason): void;
  recovered(): void;
}

export interface CameraPipelineOptions extends FaceStageOptions {
  readonly name: string;
  /** A readable form of the source, without credentials. */
  readonly sourceLabel: string;
  readonly createSource: (handlers: MainSourceHandlers) => FrameSource;
  /** A smaller stream of the same camera to search for faces; undefined to search the main stream. */
  readonly createSearchSource: ((handlers: SourceHandlers) => FrameSource) | undefined;
  /** Frames a second that the user asked the source for; null for as many as it has. */
  readonly fps: number | null;
  readonly availability: AvailabilityObserver;
  readonly labels: LabelCache;
  readonly jpegQuality: number;
  readonly metrics: Pick<Metrics, 'observeDetection' | 'observeAnnotated'>;
}

const rateWindowMs = 5000;

/**
 * One session of a camera: frames come in, pictures go out, and observers are notified of the tracks. There are two kinds
 * of frames. Those for analysis, about ten a second, are offered to the face stage, which skips some, so that a slow
 * detector never holds up the video. Those for viewers come at the camera's own rate, only while somebody watches, and go
 * to the annotator, which draws the current tracks.
 */
export class CameraPipeline implements CameraView {
  readonly #options: CameraPipelineOptions;
  readonly #source: FrameSource;
  readonly #searchSource: FrameSource | undefined;
  /** Frames of the main stream, if faces are searched in a smaller one. */
  readonly #large: LargeFrames | undefined;
  readonly #faces: FaceStage;
  readonly #overload: OverloadWatch;
  readonly #annotator: FrameAnnotator;
  readonly #frameRate = new RateMeter(rateWindowMs);
  #state: CameraState = 'connecting';
  #since = Date.now();
  /** What observers were last notified of: `online`, or the reason for being offline. */
  #reported: string | undefined;
  #error: SightlineError | undefined;
  #searchError: SightlineError | undefined;
  #size: { width: number; height: number } | undefined;
  #encodeDrops = 0;
  #closing: Promise<void> | undefined;

  constructor(options: CameraPipelineOptions) {
    this.#options = options;
    if (options.createSearchSource !== undefined)
      this.#large = new LargeFrames((since) => this.#source.wantFrames(since));
    this.#faces = new FaceStage({ ...options, large: this.#large });
    this.#overload = new OverloadWatch({
      leastPerSecond: leastSearchRate(options.rate, options.fps),
      figures: (now) => this.#faces.figures(now),
      onOverloaded: (reason) => options.availability.overloaded(reason),
      onRecovered: () => options.availability.recovered(),
    });
    this.#annotator = new FrameAnnotator({
      jpegQuality: options.jpegQuality,
      labels: options.labels,
      onWatched: (isWatched) => this.#source.showViews(isWatched),
      overlays: (frame) => this.#faces.overlays(frame.capturedMonotonic),
      onEncoded: (frame) =>
        options.metrics.observeAnnotated(options.id, performance.now() - frame.capturedMonotonic),
      onDropped: () => this.#encodeDrops++,
      onError: (error) =>
        options.log.error({ camera: options.id, err: error }, 'A picture could not be made'),
    });
    this.#source = options.createSource({
      onFrame: (frame) => this.#onFrame(frame),
      onView: (frame) => this.#annotator.offer(frame),
      onDecoded: (frames) => this.#frameRate.add(performance.now(), frames),
      onState: (state) => this.#onSourceState(state),
    });
    this.#searchSource = options.createSearchSource?.({
      onFrame: (frame) => {
        this.#faces.offer(frame);
        frame.release();
      },
      onState: (state) => {
        this.#searchError = 'error' in state ? state.error : undefined;
        if (state.state === 'offline' || state.state === 'ended') this.#faces.endSearched();
      },
    });
  }

  start(): void {
    this.#source.start();
    this.#searchSource?.start();
  }

  /** Has faces searched at another place from the next frame on. Resolves when the place before is no longer used. */
  moveSearch(place: SearchPlace): Promise<void> {
    return this.#faces.moveTo(place);
  }

  /** Closes the source, waits for the current frame, and ends the tracks. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#overload.stop();
    await Promise.all([this.#source.close(), this.#searchSource?.close()]);
    await this.#faces.close();
    this.#large?.clear();
    await this.#annotator.close();
  }

  status(): CameraStatus {
    const now = performance.now();
    const error = this.#error ?? this.#searchError;
    const { state: searching, detectionsPerSecond } = this.#faces.figures(now);
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
      detectionsPerSecond,
      searching,
      overloaded: this.#overload.reason ?? null,
      frames: this.#source.frames,
      dropped: { pool: this.#source.dropped, encode: this.#encodeDrops, ...this.#faces.skipped },
      detector: this.#faces.detector,
      faces: this.#faces.inView,
    };
  }

  watch(variant: PictureVariant, listener: (picture: Picture) => void): () => void {
    return this.#annotator.watch(variant, listener);
  }

  #onFrame(frame: Frame): void {
    this.#size = { width: frame.width, height: frame.height };
    if (this.#large === undefined) this.#faces.offer(frame);
    else this.#large.push(frame);
    frame.release();
  }

  #onSourceState(state: SourceState): void {
    const before = this.#state;
    this.#state = state.state;
    this.#error = 'error' in state ? state.error : undefined;
    if (state.state === 'online') this.#size = { width: state.width, height: state.height };
    if (state.state === before) return;
    this.#since = Date.now();
    if (state.state === 'online') this.#overload.start();
    else this.#overload.stop();
    if (state.state === 'connecting') return;
    if (state.state !== 'online') this.#faces.endAll();
    const report = this.#error?.code ?? state.state;
    // A reconnect that fails for the same reason as before is not reported again.
    if (report === this.#reported) return;
    this.#reported = report;
    const { availability } = this.#options;
    if (state.state === 'online') return availability.online();
    availability.offline(this.#error ? { code: this.#error.code, message: this.#error.message } : null);
  }
}
