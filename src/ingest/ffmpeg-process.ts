import type { ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg';
import type { FfmpegArguments } from './ffmpeg-arguments.js';
import type { PictureSize } from './frame-assembler.js';
import type { Playback } from './next-step.js';
import { redact } from './redact.js';

/** How an ffmpeg process ended. */
export interface FfmpegExit {
  /** Null when a signal ended it or it never started. */
  readonly code: number | null;
  /** Its last lines on stderr, without credentials. */
  readonly stderr: readonly string[];
}

/** Members of fluent-ffmpeg that its types leave out. */
type Command = FfmpegCommand & {
  ffmpegProc?: ChildProcess;
  _spawnFfmpeg(args: string[], options: object, ...callbacks: unknown[]): void;
};

export type FfmpegEnvironment = Readonly<Record<string, string | undefined>>;

const stderrLines = 20;
const killGraceMs = 700;

const running = new Set<ChildProcess>();
// When this program exits without closing its sources, no ffmpeg may go on reading from cameras.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One running ffmpeg whose stdout goes to a stream. This file is the only one that knows fluent-ffmpeg (ADR 9). */
export class FfmpegProcess {
  /** Resolves, and never rejects, when the process has ended and all its output has been consumed. */
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
      // fluent-ffmpeg also reports an error when ffmpeg is stopped on purpose. The only error to act on here is that
      // the output stream failed, for which fluent-ffmpeg kills ffmpeg.
      command.on('error', (error: Error) => {
        if (!('outputStreamError' in error)) return;
        this.#stopping = true;
        this.#note(error.message);
      });
      command.run();
    });
  }

  /**
   * Asks ffmpeg to end, so that it can close its session with the camera (many allow only a few), and kills it when it
   * does not end within 700 ms. Resolves when it has ended.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#child?.kill('SIGTERM');
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), killGraceMs);
    await this.exited;
    clearTimeout(timer);
  }

  #adopt({ ffmpegProc: child }: Command, settle: (code: number | null) => void): void {
    if (!child) return;
    this.#child = child;
    running.add(child);
    // 'close' comes after the last byte of stdout and stderr; fluent-ffmpeg's own 'end' may come earlier.
    child.once('close', (code, signal) => {
      running.delete(child);
      if (signal && !this.#stopping) this.#note(`ffmpeg was terminated by ${signal}`);
      settle(code);
    });
    // Replaces fluent-ffmpeg's own listener, which throws when the program cannot be started.
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
    if (this.#stderr.push(redact(line)) > stderrLines) this.#stderr.shift();
  }
}

/** fluent-ffmpeg has no option for the environment, but passes these options on to `spawn()`. */
function setEnvironment(command: Command, env: FfmpegEnvironment): void {
  const spawn = command._spawnFfmpeg.bind(command);
  command._spawnFfmpeg = (args, options, ...callbacks) => spawn(args, { ...options, env }, ...callbacks);
}

function commandFor(path: string, args: FfmpegArguments, output: Writable): Command {
  // The options are spread because fluent-ffmpeg splits array entries that contain one space.
  const command = ffmpeg({ stdoutLines: 1 })
    .input(args.input)
    .inputOptions(...args.inputOptions)
    .output(output)
    .outputOptions(...args.outputOptions) as Command;
  // fluent-ffmpeg keeps one ffmpeg path for the whole program, and its capability checks start ffmpeg twice more and
  // misread the lists of ffmpeg 7.
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
  /** Environment variables for ffmpeg; those of this program when undefined. */
  readonly environment?: FfmpegEnvironment | undefined;
  /** Makes the stream for ffmpeg's stdout, which calls `onPicture` with every picture. */
  readonly output: (onPicture: (size: PictureSize) => void) => Writable;
  /** Called with the size of the first picture, and again when it changes. */
  readonly onSize: (size: PictureSize) => void;
  /** ffmpeg is stopped after this long without a picture. */
  readonly stallTimeoutMs: number;
  /** Stops ffmpeg when aborted. */
  readonly signal: AbortSignal;
}

/** Runs ffmpeg once from start to end under a watchdog. Resolves, and never rejects, when ffmpeg has ended. */
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
