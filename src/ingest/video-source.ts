import { setTimeout as delay } from 'node:timers/promises';
import { asSightlineError, type SightlineError } from '../core/errors.js';
import type { Frame } from '../core/image.js';
import { buildArguments, type ReadOptions } from './ffmpeg-arguments.js';
import { findFfmpeg, type FfmpegBinary } from './ffmpeg-binary.js';
import type { FfmpegEnvironment } from './ffmpeg-process.js';
import type { PictureSize } from './frame-assembler.js';
import { FrameOutputs, type ViewOptions } from './frame-outputs.js';
import { openRelay, type Relay } from './guarded/relay.js';
import { anyHost, type SourcePolicy } from './guarded/source-policy.js';
import { httpPictures } from './http-pictures.js';
import { backoffMs, nextStep, type NextStep, type Playback, type PlaybackPlan } from './next-step.js';
import {
  copiedPackets,
  mayBeCopied,
  PictureDemand,
  type PacketNotice,
  playPackets,
  type PacketPlayback,
  type PacketProducer,
  type PacketRunOptions,
} from './packet-source.js';
import { assertMayBeVideo } from './prepare-source.js';
import { redactUrl, scrub, secretsOf } from './redact.js';
import { mayBePictures, parseSource, type SourceSpec } from './source-spec.js';
import { StreamClock } from './stream-clock.js';

/** The state of a source. `ended`: a file played to its end; `failed`: retrying cannot help. Both are final. */
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
  'transport' | 'hwaccel' | 'rotate' | 'flip' | 'width' | 'analysisFps' | 'loop'
> {
  readonly cameraId: string;
  /** A source string; see `parseSource`. */
  readonly source: string;
  /** After this long without a picture the source counts as stalled and is reopened. */
  readonly stallTimeoutMs: number;
  /** How many frames may be held at once; while all are, new ones are dropped. */
  readonly poolSize: number;
  /** Frames for viewers; undefined for a source that nobody watches. */
  readonly views?: ViewOptions | undefined;
  /** Decodes only while `wantFrames` or `showViews` say so. What cannot be copied is decoded all the time. */
  readonly onDemand?: boolean;
  /** Called with each packet of a source that is decoded on demand, or sends pictures over HTTP. */
  readonly onPacket?: (packet: PacketNotice) => void;
  /** Frames of this camera before this source, from which the numbering continues; 0 when left out. */
  readonly framesBefore?: number;
  /** Receives each frame for analysis and owns it: it must release it. */
  readonly onFrame: (frame: Frame) => void;
  readonly onState: (state: SourceState) => void;
  /** Called now and then with the number of frames decoded so far; see `frames`. */
  readonly onDecoded?: (frames: number) => void;
  readonly log: SourceLog;
  /** Limits what a source set up over the API may reach; undefined for a source that may reach anything. */
  readonly policy?: SourcePolicy | undefined;
  /** The environment of this program, which ffmpeg inherits. */
  readonly environment: FfmpegEnvironment;
  /** The ffmpeg to use; found by `findFfmpeg()` when left out. */
  readonly ffmpeg?: FfmpegBinary;
}

/** After this long online, the next failure counts as a new one and is retried quickly. */
const steadyAfterMs = 10_000;
/** ffmpeg's own network timeout comes after the stall watchdog; it only matters if this program has died. */
const ioTimeoutMarginMs = 5000;
/** How often a snapshot is asked for unless the camera's `fps` says otherwise. */
const snapshotsPerSecond = 2;
const notPlayed: Playback = { frames: 0, stalled: false, onlineMs: 0, stderr: [] };

/**
 * Keeps the frames of one camera coming: starts ffmpeg, watches it, and restarts it with growing pauses for as long as
 * it takes. Only the constructor throws; every later failure becomes a state.
 */
export class VideoSource {
  /** The source string without credentials. */
  readonly redactedSource: string;
  readonly #options: VideoSourceOptions;
  readonly #spec: SourceSpec;
  /** What a camera might repeat, and ffmpeg with it. */
  readonly #secrets: readonly string[];
  readonly #outputs: FrameOutputs;
  readonly #demand = new PictureDemand();
  readonly #closing = new AbortController();
  #hwaccel: string | null;
  #isCopied: boolean;
  #skipped = 0;
  #running: Promise<void> | undefined;

  /** @throws SightlineError SOURCE_INVALID when the source string cannot be parsed. */
  constructor(options: VideoSourceOptions) {
    this.#options = options;
    this.#spec = parseSource(options.source, process.platform);
    this.redactedSource = redactUrl(options.source);
    this.#secrets = secretsOf(options.source).all;
    this.#hwaccel = options.hwaccel;
    this.#isCopied = options.onDemand === true && mayBeCopied(this.#spec);
    if (options.onDemand !== true) this.#demand.forAnalysis(0);
    const { cameraId, framesBefore = 0, poolSize, views } = options;
    this.#outputs = new FrameOutputs({
      ...{ cameraId, framesBefore, poolSize, views },
      onFrame: (frame) => this.#deliver(frame, options.onFrame),
      onView: (frame) => this.#deliver(frame, (shown) => views?.onFrame(shown)),
      onDecoded: (frames) => {
        if (!this.#closed) options.onDecoded?.(frames);
      },
    });
  }

  /**
   * Frames that ffmpeg decoded so far, whether or not they came here, and those before this source. It tells twice a
   * second; until then those that came count.
   */
  get frames(): number {
    return this.#outputs.frames;
  }

  /** Frames dropped since the start because all buffers were in use, or before decoding because it did not keep up. */
  get dropped(): number {
    return this.#outputs.dropped + this.#skipped;
  }

  /** Has frames for viewers delivered, or not any more. */
  showViews(isWanted: boolean): void {
    this.#outputs.showViews(isWanted);
    this.#demand.forViews(isWanted);
  }

  /**
   * Has frames for analysis delivered from a moment on, as far back as packets are kept, or not any more. Only a source
   * that decodes on demand takes notice.
   * @param since on the clock of `performance.now()`; undefined when none are wanted
   */
  wantFrames(since: number | undefined): void {
    if (this.#options.onDemand === true) this.#demand.forAnalysis(since);
  }

  /** Starts playing; does nothing when already started. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Stops for good: no callback is called any more. Resolves when ffmpeg has ended. */
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
      if (playback.onlineMs >= steadyAfterMs) attempt = 0;
      await this.#pause(step.error, backoffMs(attempt++, Math.random()));
    }
  }

  async #playOnce(): Promise<{ step: NextStep; playback: Playback }> {
    try {
      const ffmpeg = this.#options.ffmpeg ?? (await findFfmpeg());
      const playback = await this.#playRelayed(ffmpeg);
      return { step: nextStep(this.#plan(), playback), playback };
    } catch (thrown) {
      const error = asSightlineError(thrown);
      return { step: { kind: this.#mayPass(error) ? 'retry' : 'fail', error }, playback: notPlayed };
    }
  }

  /** Whether a retry may help: what a host says or where it is may change, but a missing ffmpeg or a text file stays. */
  #mayPass({ code }: SightlineError): boolean {
    return 'address' in this.#spec && code.startsWith('SOURCE_');
  }

  async #playRelayed(ffmpeg: FfmpegBinary): Promise<Playback> {
    const { policy } = this.#options;
    policy?.checkScheme(this.#spec);
    const relay = await openRelay(this.#spec, policy ?? anyHost);
    try {
      const playback = await this.#play(ffmpeg, relay);
      // ffmpeg itself only saw a closed connection.
      if (playback.frames === 0 && relay?.failure !== undefined) throw relay.failure;
      return { ...playback, stderr: playback.stderr.map((line) => this.#shown(line, relay)) };
    } finally {
      relay?.close();
    }
  }

  /** A line of ffmpeg's as it may be told: without secrets, and with the source's address in place of the relay's. */
  #shown(line: string, relay: Relay | undefined): string {
    const shown = scrub(line, this.#secrets);
    return relay === undefined ? shown : shown.replaceAll(relay.url, this.redactedSource);
  }

  async #play(ffmpeg: FfmpegBinary, relay: Relay | undefined): Promise<Playback> {
    const spec = this.#spec;
    if (spec.kind === 'file') await assertMayBeVideo(spec.path);
    if (this.#closed) return notPlayed;
    const { views, stallTimeoutMs } = this.#options;
    const ioTimeoutMs = stallTimeoutMs + ioTimeoutMarginMs;
    const more = { hwaccel: this.#hwaccel, ioTimeoutMs, relayUrl: relay?.url, ffmpeg: ffmpeg.release };
    const environment = { ...this.#options.environment, ...relay?.environment };
    const read = { ...this.#options, ...more, viewFps: views?.fps };
    const run = {
      ...{ ffmpegPath: ffmpeg.path, environment, stallTimeoutMs, signal: this.#closing.signal },
      onSize: (size: PictureSize) => this.#tell({ state: 'online', ...size }),
      onPacket: this.#options.onPacket,
    };
    if (relay !== undefined && mayBePictures(spec)) {
      const pictures = await this.#playPictures({ ...run, read }, relay.url);
      if (pictures !== undefined) return pictures;
    }
    if (this.#isCopied) {
      const copied = await this.#playCopied({ ...run, read }, spec);
      if (copied !== undefined) return copied;
    }
    const clock = new StreamClock();
    const takenAt = (presentedAt: number): number => clock.arrived(presentedAt);
    return this.#outputs.play({ ...run, args: buildArguments(spec, read), clock, takenAt });
  }

  /** @returns undefined when there are no pictures, and ffmpeg is to read the address */
  async #playPictures(run: PacketRunOptions, url: string): Promise<Playback | undefined> {
    const { fps } = this.#options.views ?? { fps: null };
    let damaged = 0;
    const produce = httpPictures({
      ...{ url, source: this.redactedSource, stallTimeoutMs: run.stallTimeoutMs },
      picturesPerSecond: fps ?? snapshotsPerSecond,
      onDamaged: () => {
        this.#skipped += 1;
        if (damaged++ === 0)
          this.#warn({}, 'the camera sent a picture that is damaged; such pictures are left out');
      },
    });
    const { playback, unusable } = await this.#playPackets({ ...run, produce });
    return unusable === undefined || this.#closed ? playback : undefined;
  }

  /** @returns undefined when the packets of this source cannot be used, and it must be decoded all the time */
  async #playCopied(run: PacketRunOptions, spec: SourceSpec): Promise<Playback | undefined> {
    const { playback, unusable } = await this.#playPackets({ ...run, produce: copiedPackets(spec, run) });
    if (unusable === undefined || this.#closed) return playback;
    this.#isCopied = false;
    this.#warn({ reason: unusable }, 'the stream cannot be kept as it is, so it is decoded all the time');
    return undefined;
  }

  #playPackets(run: PacketRunOptions & { readonly produce: PacketProducer }): Promise<PacketPlayback> {
    return playPackets({
      ...run,
      ...{ demand: this.#demand, outputs: this.#outputs },
      onSkipped: (packets) => {
        this.#skipped += packets;
        this.#warn({ packets }, 'decoding does not keep up; it goes on with the newest key frame');
      },
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

  #deliver(frame: Frame, onFrame: (frame: Frame) => void): void {
    if (this.#closed) return frame.release();
    try {
      onFrame(frame);
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
