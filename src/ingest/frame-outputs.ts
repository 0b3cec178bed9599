import type { Writable } from 'node:stream';
import type { Frame } from '../core/image.js';
import type { FfmpegArguments } from './ffmpeg-arguments.js';
import { play, type FfmpegEnvironment } from './ffmpeg-process.js';
import { FrameAssembler, type PictureSize } from './frame-assembler.js';
import { FramePool } from './frame-pool.js';
import type { Playback } from './next-step.js';
import type { StreamClock } from './stream-clock.js';
import { StreamColour } from './stream-colour.js';
import { ViewDemand } from './view-valve.js';

/** How viewers are served. */
export interface ViewOptions {
  /** Most frames a second; null for the source's own rate. */
  readonly fps: number | null;
  /** How many frames may be held at once; while all are, new ones are dropped. */
  readonly poolSize: number;
  /** Receives each frame while `showViews(true)` is in force, and owns it: it must release it. */
  readonly onFrame: (frame: Frame) => void;
}

export interface FrameOutputsOptions {
  readonly cameraId: string;
  readonly framesBefore: number;
  readonly poolSize: number;
  readonly views: Pick<ViewOptions, 'poolSize'> | undefined;
  /** Takes ownership of each frame for analysis; must not throw. */
  readonly onFrame: (frame: Frame) => void;
  /** Takes ownership of each frame for viewers; must not throw. */
  readonly onView: (frame: Frame) => void;
  /** Called now and then with the number of frames decoded so far; see `frames`. */
  readonly onDecoded: (frames: number) => void;
}

/** A run of an ffmpeg that decodes. */
export interface DecodingRun {
  readonly ffmpegPath: string;
  readonly args: FfmpegArguments;
  readonly environment: FfmpegEnvironment | undefined;
  /** When a picture for analysis was taken that arrives now. */
  readonly takenAt: (presentedAt: number) => number;
  readonly clock: Pick<StreamClock, 'takenAt'>;
  readonly onInput?: (input: Writable) => void;
  readonly onSize: (size: PictureSize) => void;
  readonly stallTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** Frames for viewers older than this were waiting for somebody who watches; they are not shown any more. */
const staleAfterMs = 1000;

/** The two kinds of frames that are made of a camera's pictures. It outlives the ffmpegs that decode them. */
export class FrameOutputs {
  readonly #options: FrameOutputsOptions;
  readonly #assembler: FrameAssembler;
  readonly #viewAssembler: FrameAssembler;
  readonly #viewPool: FramePool;
  readonly #viewDemand = new ViewDemand();
  /** Pictures decoded by earlier ffmpegs, and by this one. */
  #decodedBefore: number;
  #decoded = 0;

  constructor(options: FrameOutputsOptions) {
    this.#options = options;
    const { cameraId, framesBefore, views } = options;
    this.#decodedBefore = framesBefore;
    this.#viewPool = new FramePool(views?.poolSize ?? 0);
    this.#assembler = new FrameAssembler({
      ...{ cameraId, framesBefore, pool: new FramePool(options.poolSize) },
      isWanted: () => true,
      onFrame: options.onFrame,
    });
    this.#viewAssembler = new FrameAssembler({
      ...{ cameraId, framesBefore, pool: this.#viewPool },
      isWanted: () => this.#viewDemand.isWanted,
      onFrame: (frame) => {
        if (performance.now() - frame.capturedMonotonic > staleAfterMs) frame.release();
        else options.onView(frame);
      },
    });
  }

  /**
   * Frames that ffmpeg decoded so far, whether or not they came here, and those before this source. It tells twice a
   * second; until then those that came count.
   */
  get frames(): number {
    return Math.max(this.#decodedBefore + this.#decoded, this.#assembler.frames, this.#viewAssembler.frames);
  }

  /** Frames dropped since the start because all buffers were in use. */
  get dropped(): number {
    return this.#assembler.dropped + this.#viewAssembler.dropped;
  }

  /** Has frames for viewers delivered, or not any more. */
  showViews(isWanted: boolean): void {
    this.#viewDemand.set(isWanted);
    if (!isWanted) this.#viewPool.clear();
  }

  /** Runs an ffmpeg that decodes from start to end, one at a time. Never rejects. */
  play({ takenAt, clock, ...run }: DecodingRun): Promise<Playback> {
    const colour = new StreamColour();
    this.#decodedBefore = this.frames;
    this.#decoded = 0;
    return play({
      ...run,
      output: (onPicture) => this.#assembler.stream({ colour, takenAt, onPicture }),
      views: this.#options.views && {
        output: this.#viewAssembler.stream({ colour, takenAt: (time) => clock.takenAt(time) }),
        demand: this.#viewDemand,
      },
      onDecoded: (frames) => {
        this.#decoded = frames;
        this.#options.onDecoded(this.frames);
      },
      onRemark: (line) => colour.read(line),
    });
  }
}
