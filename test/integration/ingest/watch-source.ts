import { EventEmitter } from 'node:events';
import { inheritedEnvironment } from '../../../src/config/environment.js';
import type { Frame } from '../../../src/core/image.js';
import { bundledFfmpeg, findFfmpeg, type FfmpegBinary } from '../../../src/ingest/ffmpeg-binary.js';
import { VideoSource, type SourceState, type VideoSourceOptions } from '../../../src/ingest/video-source.js';
import { patienceMs } from '../../helpers/patience.js';

/** Every different ffmpeg of this machine: the one on PATH, if there is one, and the bundled one. */
export async function allFfmpegs(): Promise<FfmpegBinary[]> {
  const [first, bundled] = [await findFfmpeg(), await bundledFfmpeg()];
  return first.origin === 'bundled' ? [bundled] : [first, bundled];
}

/** A source under test, and everything it said. */
export class WatchedSource {
  readonly source: VideoSource;
  readonly states: SourceState[] = [];
  readonly logged: { fields: object; message: string }[] = [];
  readonly sequences: number[] = [];
  readonly #news = new EventEmitter();

  /** Starts at once; frames are released at once unless `onFrame` is given. */
  constructor(source: string, options: Partial<VideoSourceOptions> = {}) {
    const onFrame = options.onFrame ?? ((frame: Frame) => frame.release());
    this.source = new VideoSource({
      cameraId: 'door',
      transport: 'tcp',
      hwaccel: null,
      rotate: 0,
      flip: 'none',
      width: null,
      // Every frame of the clips in these tests.
      analysisFps: 120,
      loop: false,
      // A busy machine is no camera that hangs; tests of one say their own.
      stallTimeoutMs: patienceMs,
      poolSize: 3,
      environment: inheritedEnvironment(),
      log: { warn: (fields, message) => this.#tell(() => this.logged.push({ fields, message })) },
      onState: (state) => this.#tell(() => this.states.push(state)),
      ...options,
      source,
      onFrame: (frame) => {
        const { sequence } = frame;
        onFrame(frame);
        this.#tell(() => this.sequences.push(sequence));
      },
    });
    this.source.start();
  }

  /** The names of the states so far. */
  get path(): string[] {
    return this.states.map(({ state }) => state);
  }

  /** Resolves when `condition` holds; looked at with each state, frame and log line. */
  async until(condition: (watched: this) => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!condition(this)) return;
        this.#news.off('news', look);
        resolve();
      };
      this.#news.on('news', look);
      look();
    });
  }

  /** The first state of this name from number `from` on, awaited. */
  async state<Name extends SourceState['state']>(
    name: Name,
    from = 0,
  ): Promise<Extract<SourceState, { state: Name }>> {
    const find = () => this.states.slice(from).find(({ state }) => state === name);
    await this.until(() => find() !== undefined);
    return find() as Extract<SourceState, { state: Name }>;
  }

  /** Resolves after `count` more frames. */
  async frames(count: number): Promise<void> {
    const goal = this.sequences.length + count;
    await this.until(() => this.sequences.length >= goal);
  }

  #tell(note: () => void): void {
    note();
    this.#news.emit('news');
  }
}
