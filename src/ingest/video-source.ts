import { setTimeout as delay } from 'node:timers/promises';
import { asSightlineError, type SightlineError } from '../core/errors.js';
import type { Frame } from '../core/image.js';
import { backoffMs } from './backoff.js';
import { buildArguments, type FfmpegArguments, type ReadOptions } from './ffmpeg-arguments.js';
import { findFfmpeg, type FfmpegBinary } from './ffmpeg-binary.js';
import { FrameAssembler } from './frame-assembler.js';
import { FramePool } from './frame-pool.js';
import { assertMayBeVideo } from './local-file.js';
import { nextStep, type NextStep, type Playback, type PlaybackPlan } from './next-step.js';
import { play } from './play.js';
import { redactUrl } from './redact.js';
import { resolveHost } from './resolve-host.js';
import { parseSource, type SourceSpec } from './source-spec.js';

/** Where a source stands. `ended`: a file that played to its end; `failed`: retrying cannot mend it. Both are final. */
export type SourceState =
  | { readonly state: 'connecting' }
  | { readonly state: 'online'; readonly width: number; readonly height: number }
  | { readonly state: 'offline'; readonly error: SightlineError; readonly retryInMs: number }
  | { readonly state: 'ended' }
  | { readonly state: 'failed'; readonly error: SightlineError };

/** The part of a pino logger that a source needs. */
export interface SourceLog {
  warn(fields: object, message: string): void;
}

export interface VideoSourceOptions extends Pick<
  ReadOptions,
  'transport' | 'hwaccel' | 'width' | 'fps' | 'loop'
> {
  readonly cameraId: string;
  /** As `parseSource` takes it. */
  readonly source: string;
  /** Without a frame for so long, the source counts as stalled and is opened anew. */
  readonly stallTimeoutMs: number;
  /** Frames that may be held at once; while all are, new ones are dropped. */
  readonly poolSize: number;
  /** Gets each frame and owns it: it must be released. */
  readonly onFrame: (frame: Frame) => void;
  readonly onState: (state: SourceState) => void;
  readonly log: SourceLog;
  /** The ffmpeg to use; found by `findFfmpeg()` when left out. */
  readonly ffmpeg?: FfmpegBinary;
}

/** After so long online, the next failure is a new one and is retried quickly. */
const STEADY_MS = 10_000;
/** ffmpeg's own network timeout comes after the stall watchdog, and only matters if this program is gone. */
const IO_TIMEOUT_MARGIN_MS = 5000;
const NOT_PLAYED: Playback = { frames: 0, stalled: false, onlineMs: 0, stderr: [] };

/**
 * The frames of one camera, kept coming: starts ffmpeg, watches it, and starts it again with growing pauses for as
 * long as it takes. Never throws after the constructor: whatever fails becomes a state.
 */
export class VideoSource {
  /** The source string without credentials. */
  readonly redactedSource: string;
  readonly #options: VideoSourceOptions;
  readonly #spec: SourceSpec;
  readonly #assembler: FrameAssembler;
  readonly #closing = new AbortController();
  #hwaccel: string | null;
  #running: Promise<void> | undefined;

  /** @throws SightlineError SOURCE_INVALID when the source string is not understood. */
  constructor(options: VideoSourceOptions) {
    this.#options = options;
    this.#spec = parseSource(options.source, process.platform);
    this.redactedSource = redactUrl(options.source);
    this.#hwaccel = options.hwaccel;
    this.#assembler = new FrameAssembler({
      cameraId: options.cameraId,
      pool: new FramePool(options.poolSize),
      onFrame: (frame) => this.#deliver(frame),
    });
  }

  /** Frames decoded since the start, dropped ones included. */
  get frames(): number {
    return this.#assembler.frames;
  }

  /** Frames dropped since the start because all buffers were in use. */
  get dropped(): number {
    return this.#assembler.dropped;
  }

  /** Begins to play; does nothing when it has begun already. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Stops for good; from now on nothing is called back. Resolves when no ffmpeg is left. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #run(): Promise<void> {
    let attempt = 0;
    while (!this.#closed) {
      this.#tell({ state: 'connecting' });
      const { step, playback } = await this.#playOnce();
      if (step.kind === 'end') return this.#end(playback);
      if (step.kind === 'fail') return this.#tell({ state: 'failed', error: step.error });
      if (step.kind === 'retry-in-software') {
        this.#useSoftware(step.error);
        continue;
      }
      if (playback.onlineMs >= STEADY_MS) attempt = 0;
      await this.#pause(step.error, backoffMs(attempt++, Math.random()));
    }
  }

  async #playOnce(): Promise<{ step: NextStep; playback: Playback }> {
    try {
      const ffmpeg = this.#options.ffmpeg ?? (await findFfmpeg());
      const args = await this.#prepare(ffmpeg);
      const playback = this.#closed ? NOT_PLAYED : await this.#play(ffmpeg.path, args);
      return { step: nextStep(this.#plan(), playback), playback };
    } catch (thrown) {
      const error = asSightlineError(thrown);
      // A host name without an address may get one; without ffmpeg, or with a file that is no video, nothing will.
      const kind = error.code === 'SOURCE_UNREACHABLE' ? 'retry' : 'fail';
      return { step: { kind, error }, playback: NOT_PLAYED };
    }
  }

  async #prepare(ffmpeg: FfmpegBinary): Promise<FfmpegArguments> {
    if (this.#spec.kind === 'file') await assertMayBeVideo(this.#spec.path);
    const { spec, httpHost } =
      ffmpeg.origin === 'bundled' ? await resolveHost(this.#spec) : { spec: this.#spec, httpHost: null };
    const ioTimeoutMs = this.#options.stallTimeoutMs + IO_TIMEOUT_MARGIN_MS;
    const hwaccel = this.#hwaccel;
    return buildArguments(spec, { ...this.#options, hwaccel, ioTimeoutMs, httpHost, ffmpeg: ffmpeg.release });
  }

  #play(ffmpegPath: string, args: FfmpegArguments): Promise<Playback> {
    return play({
      ffmpegPath,
      args,
      output: (onPicture) => this.#assembler.stream(onPicture),
      onSize: (size) => this.#tell({ state: 'online', ...size }),
      stallTimeoutMs: this.#options.stallTimeoutMs,
      signal: this.#closing.signal,
    });
  }

  #plan(): PlaybackPlan {
    const { loop, stallTimeoutMs } = this.#options;
    return { spec: this.#spec, source: this.redactedSource, loop, hwaccel: this.#hwaccel, stallTimeoutMs };
  }

  #end({ stderr }: Playback): void {
    if (stderr.length > 0)
      this.#warn({ ffmpeg: stderr }, 'the file is damaged; what could be decoded was played');
    this.#tell({ state: 'ended' });
  }

  #useSoftware(error: SightlineError): void {
    this.#warn(
      { error: error.message },
      `the hardware decoder ${this.#hwaccel} failed; decoding in software`,
    );
    this.#hwaccel = null;
  }

  async #pause(error: SightlineError, retryInMs: number): Promise<void> {
    this.#tell({ state: 'offline', error, retryInMs });
    await delay(retryInMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  #deliver(frame: Frame): void {
    if (this.#closed) return frame.release();
    try {
      this.#options.onFrame(frame);
    } catch (error) {
      frame.release();
      this.#warn({ error: String(error) }, 'a frame listener threw');
    }
  }

  #tell(state: SourceState): void {
    if (this.#closed) return;
    try {
      this.#options.onState(state);
    } catch (error) {
      this.#warn({ error: String(error) }, 'a state listener threw');
    }
  }

  #warn(fields: object, message: string): void {
    this.#options.log.warn({ camera: this.#options.cameraId, ...fields }, message);
  }
}
