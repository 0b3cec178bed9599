import type { ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg';
import type { FfmpegArguments } from './ffmpeg-arguments.js';
import type { PictureSize } from './frame-assembler.js';
import type { Playback } from './next-step.js';
import { redact } from './redact.js';

/** How an ffmpeg ended. */
export interface FfmpegExit {
  /** Null when a signal ended it or it never started. */
  readonly code: number | null;
  /** Its last lines on stderr, without credentials. */
  readonly stderr: readonly string[];
}

/** What fluent-ffmpeg has and its types leave out. */
type Command = FfmpegCommand & {
  ffmpegProc?: ChildProcess;
  _spawnFfmpeg(args: string[], options: object, ...callbacks: unknown[]): void;
};

export type FfmpegEnvironment = Readonly<Record<string, string | undefined>>;

const STDERR_LINES = 20;
const KILL_GRACE_MS = 700;

const running = new Set<ChildProcess>();
// A process that exits on its own account must not leave its children reading from cameras.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One running ffmpeg whose stdout goes to a stream. The only place that knows fluent-ffmpeg. */
export class FfmpegProcess {
  /** Resolves, and never rejects, when the process is gone and all of its output was taken. */
  readonly exited: Promise<FfmpegExit>;
  readonly #stderr: string[] = [];
  #child: ChildProcess | undefined;
  #stopping = false;

  /** Starts `path`; a failure to start is an exit with code null and the reason as the last line of `stderr`. */
  constructor(path: string, args: FfmpegArguments, output: Writable, environment?: FfmpegEnvironment) {
    const command = commandFor(path, args, output);
    if (environment !== undefined) setEnvironment(command, environment);
    this.exited = new Promise((resolve) => {
      const settle = (code: number | null) => resolve({ code, stderr: this.#stderr });
      command.on('start', () => this.#adopt(command, settle));
      command.on('stderr', (line: string) => this.#note(line));
      // fluent-ffmpeg also calls it an error when we stop ffmpeg; only that its output refused the
      // data, for which it kills ffmpeg, is news here.
      command.on('error', (error: Error) => {
        if (!('outputStreamError' in error)) return;
        this.#stopping = true;
        this.#note(error.message);
      });
      command.run();
    });
  }

  /**
   * Asks ffmpeg to end, so that it can take leave of the camera (many allow few sessions), and kills it when it does
   * not within a moment. Resolves when it is gone.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#child?.kill('SIGTERM');
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), KILL_GRACE_MS);
    await this.exited;
    clearTimeout(timer);
  }

  #adopt({ ffmpegProc: child }: Command, settle: (code: number | null) => void): void {
    if (!child) return;
    this.#child = child;
    running.add(child);
    // 'close' comes after the last byte of stdout and stderr; fluent-ffmpeg's own 'end' may come before.
    child.once('close', (code, signal) => {
      running.delete(child);
      if (signal && !this.#stopping) this.#note(`ffmpeg was ended by ${signal}`);
      settle(code);
    });
    // In place of fluent-ffmpeg's own listener, which throws when the program could not be started.
    child.removeAllListeners('error');
    child.once('error', (error) => {
      running.delete(child);
      this.#note(error.message);
      settle(null);
    });
    if (this.#stopping) child.kill('SIGTERM');
  }

  #note(line: string): void {
    if (line.trim() === '') return;
    if (this.#stderr.push(redact(line)) > STDERR_LINES) this.#stderr.shift();
  }
}

/** fluent-ffmpeg has no option for it, and hands what it gets to `spawn()`. */
function setEnvironment(command: Command, env: FfmpegEnvironment): void {
  const spawn = command._spawnFfmpeg.bind(command);
  command._spawnFfmpeg = (args, options, ...callbacks) => spawn(args, { ...options, env }, ...callbacks);
}

function commandFor(path: string, args: FfmpegArguments, output: Writable): Command {
  // Options are spread, for given as an array those with one space in them are split.
  const command = ffmpeg({ stdoutLines: 1 })
    .input(args.input)
    .inputOptions(...args.inputOptions)
    .output(output)
    .outputOptions(...args.outputOptions) as Command;
  // Its path is one for the whole program; its checks start ffmpeg twice more and misread the lists of ffmpeg 7.
  return Object.assign(command, {
    _getFfmpegPath: (callback: (error: null, path: string) => void) => callback(null, path),
    _checkCapabilities: (callback: (error: null) => void) => callback(null),
    availableEncoders: (callback: (error: null, encoders: object) => void) => callback(null, {}),
  });
}

export interface PlayOptions {
  /** Path of the ffmpeg to run. */
  readonly ffmpegPath: string;
  readonly args: FfmpegArguments;
  /** The variables of ffmpeg; those of this program when undefined. */
  readonly environment?: FfmpegEnvironment | undefined;
  /** Makes the stream for ffmpeg's stdout, which calls `onPicture` with every picture. */
  readonly output: (onPicture: (size: PictureSize) => void) => Writable;
  /** Called with the size of the first picture, and again when it changes. */
  readonly onSize: (size: PictureSize) => void;
  /** Without a picture for so long, ffmpeg is ended. */
  readonly stallTimeoutMs: number;
  /** Ends ffmpeg. */
  readonly signal: AbortSignal;
}

/** One run of ffmpeg from start to end, watched. Resolves, and never rejects, when ffmpeg is gone. */
export async function play(options: PlayOptions): Promise<Playback> {
  const { onSize, stallTimeoutMs, signal } = options;
  let frames = 0;
  let onlineSince = Infinity;
  let size: PictureSize | undefined;
  let stalled = false;
  const onPicture = (picture: PictureSize) => {
    watchdog.refresh();
    if (frames++ === 0) onlineSince = performance.now();
    if (picture.width === size?.width && picture.height === size.height) return;
    size = { width: picture.width, height: picture.height };
    onSize(size);
  };
  const child = new FfmpegProcess(
    options.ffmpegPath,
    options.args,
    options.output(onPicture),
    options.environment,
  );
  const watchdog = setTimeout(() => {
    stalled = true;
    void child.stop();
  }, stallTimeoutMs);
  const stop = () => void child.stop();
  signal.addEventListener('abort', stop, { once: true });
  const { stderr } = await child.exited;
  signal.removeEventListener('abort', stop);
  clearTimeout(watchdog);
  return { frames, stalled, onlineMs: Math.max(0, performance.now() - onlineSince), stderr };
}
