import { setTimeout as delay } from 'node:timers/promises';
import { inheritedEnvironment } from '../config/environment.js';
import type { CameraConfig } from '../config/schema.js';
import { SightlineError } from '../core/errors.js';
import type { Frame } from '../core/image.js';
import type { Rotation } from '../core/turn-yuv.js';
import type { FaceDetector } from '../detection/face-detector.js';
import type { PacketNotice } from '../ingest/packet-source.js';
import { VideoSource, type SourceState } from '../ingest/video-source.js';
import { TurnedFaces } from '../pipeline/turned-faces.js';

/** What a source was seen to send. */
export interface SourceReport {
  /** In pixels, as they will be searched and shown. */
  readonly width: number;
  readonly height: number;
  /** Name of the compression; null for a source that sends none, such as a webcam. */
  readonly codec: string | null;
  /** Pictures a second that came, null for a source that is not compressed, and pictures a second that were decoded. */
  readonly sentPerSecond: number | null;
  readonly decodedPerSecond: number;
  /** Longest time between two pictures from which decoding can begin; null if there were not two of them. */
  readonly keyFrameSeconds: number | null;
  readonly searches: {
    readonly count: number;
    /** How many of the pictures searched showed a face. */
    readonly withFaces: number;
    /** Width in pixels of the smallest and the largest face; null if there was none. */
    readonly faceWidths: readonly [smallest: number, largest: number] | null;
    /** Median. */
    readonly searchMs: number;
  } | null;
  /** How the picture should be turned, in degrees clockwise; undefined if its faces are upright, or there are none. */
  readonly turned: Rotation | undefined;
}

export interface InspectOptions {
  readonly camera: CameraConfig;
  /** The stream of the camera to look at. */
  readonly url: string;
  /** How long to watch from the first picture on; less if the source ends. */
  readonly watchMs: number;
  /** Finds the faces; none are looked for without it. */
  readonly detector: FaceDetector | undefined;
}

/**
 * Watches a source for some time.
 * @throws SightlineError SOURCE_… when it does not show a picture
 */
export function inspectSource(options: InspectOptions): Promise<SourceReport> {
  return new Inspection(options).run();
}

class Inspection {
  readonly #options: InspectOptions;
  readonly #turned = new TurnedFaces(0);
  readonly #packets: PacketNotice[] = [];
  readonly #searchMs: number[] = [];
  readonly #faceWidths: number[] = [];
  #withFaces = 0;
  #size: { readonly width: number; readonly height: number } | undefined;
  readonly #firstFrame = deferred<undefined>();
  #firstAt = Infinity;
  #frames = 0;
  #search: Promise<void> | undefined;

  constructor(options: InspectOptions) {
    this.#options = options;
  }

  async run(): Promise<SourceReport> {
    const { camera, url, watchMs } = this.#options;
    const ending = deferred<SourceState>();
    const source = new VideoSource({
      ...camera,
      ...{ cameraId: camera.id, source: url, poolSize: 3, analysisFps: camera.analysis.fps },
      environment: inheritedEnvironment(),
      onDemand: true,
      // Decoded frames are counted where viewers get them: all of them, while those for analysis are fewer.
      views: { fps: null, poolSize: 1, onFrame: (frame) => frame.release() },
      log: { warn: () => undefined },
      onPacket: (packet) => this.#packets.push(packet),
      onFrame: (frame) => this.#see(frame),
      onDecoded: (frames) => (this.#frames = frames),
      onState: (next) => {
        if (next.state === 'online') this.#size = next;
        else if (next.state !== 'connecting') ending.resolve(next);
      },
    });
    source.wantFrames(0);
    source.start();
    try {
      const state = await Promise.race([ending.promise, this.#firstFrame.promise]);
      if (this.#firstAt === Infinity) throw whyNone(state);
      await Promise.race([ending.promise, delay(watchMs)]);
    } finally {
      await source.close();
      await this.#search;
    }
    return this.#report();
  }

  #see(frame: Frame): void {
    if (this.#firstAt === Infinity) {
      this.#firstAt = performance.now();
      this.#firstFrame.resolve(undefined);
    }
    const { detector } = this.#options;
    if (detector === undefined || this.#search !== undefined) return frame.release();
    this.#search = this.#searchFrame(frame, detector).finally(() => {
      frame.release();
      this.#search = undefined;
    });
  }

  async #searchFrame(frame: Frame, detector: FaceDetector): Promise<void> {
    const startedAt = performance.now();
    const faces = await detector.detect(frame);
    this.#searchMs.push(performance.now() - startedAt);
    this.#withFaces += faces.length > 0 ? 1 : 0;
    this.#faceWidths.push(...faces.map(({ box }) => box.width));
    await this.#turned.look(frame, detector);
  }

  #report(): SourceReport {
    const watchedMs = performance.now() - this.#firstAt;
    const perSecond = (count: number): number => (1000 * count) / watchedMs;
    const keys = this.#packets.filter(({ isKey }) => isKey).map(({ presentedAt }) => presentedAt);
    const gaps = keys.slice(1).map((time, i) => (time - (keys[i] ?? 0)) / 1000);
    const count = this.#searchMs.length;
    const widths = this.#faceWidths.map(Math.round);
    return {
      ...{ width: this.#size?.width ?? 0, height: this.#size?.height ?? 0 },
      codec: this.#packets[0]?.codec ?? null,
      sentPerSecond: this.#packets.length > 0 ? perSecond(this.#packets.length) : null,
      decodedPerSecond: perSecond(this.#frames),
      keyFrameSeconds: gaps.length > 0 ? Math.max(...gaps) : null,
      searches:
        count === 0
          ? null
          : {
              ...{ count, withFaces: this.#withFaces },
              faceWidths: widths.length > 0 ? [Math.min(...widths), Math.max(...widths)] : null,
              searchMs: this.#searchMs.toSorted((a, b) => a - b)[count >> 1] ?? 0,
            },
      turned: this.#turned.rotation,
    };
  }
}

function whyNone(state: SourceState | undefined): SightlineError {
  if (state !== undefined && 'error' in state) return state.error;
  return new SightlineError('SOURCE_NOT_VIDEO', 'Expected a picture, but the file has none.');
}

function deferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve: (value) => resolve(value) };
}
