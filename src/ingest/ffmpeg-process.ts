import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg';
import { progressPipe, viewPipe, type FfmpegArguments } from './ffmpeg-arguments.js';
import type { PictureSize } from './frame-assembler.js';
import type { Playback } from './next-step.js';
import { ProgressReader } from './progress.js';
import { redact } from './redact.js';
import { activityOf, StallWatch } from './stall-watch.js';
import { ViewValve, type ViewDemand } from './view-valve.js';

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

/** Pictures for viewers: where they go, and whether they are wanted. */
export interface ViewOutput {
  readonly output: Writable;
  readonly demand: ViewDemand;
}

/** What becomes of what ffmpeg sends. */
export interface FfmpegOutputs {
  /** For its stdout. */
  readonly output: Writable;
  /** For its second output, if the arguments have one. */
  readonly views?: ViewOutput | undefined;
  /** Called with its stdin before it reads; without this it has none. */
  readonly onInput?: ((input: Writable) => void) | undefined;
  /** Called with the number of pictures that it has decoded. */
  readonly onDecoded: (frames: number) => void;
  /** Called with each line of its log that is no complaint. */
  readonly onRemark: (line: string) => void;
}

const stderrLines = 20;
const killGraceMs = 2000;
/** Before the text of a line of ffmpeg's log stand, in brackets, up to two parts of it that speak, and the level. */
const logLine = /^((?:\[[^\]]* @ [^\]]*\] )*)\[(panic|fatal|error|warning|info|verbose|debug|trace)\] (.*)$/;

const running = new Set<ChildProcess>();
// When this program exits without closing its sources, no ffmpeg may go on reading from cameras.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One running ffmpeg whose outputs go to streams. This file is the only one that knows fluent-ffmpeg (ADR 9). */
export class FfmpegProcess {
  /** Resolves, and never rejects, when the process has ended and all its output has been consumed. */
  readonly exited: Promise<FfmpegExit>;
  readonly #stderr: string[] = [];
  readonly #outputs: FfmpegOutputs;
  #child: ChildProcess | undefined;
  #valve: ViewValve | undefined;
  #stopping = false;

  /** Starts `path`; a failure to start is an exit with code null and the reason as the last line of `stderr`. */
  constructor(path: string, args: FfmpegArguments, outputs: FfmpegOutputs, environment?: FfmpegEnvironment) {
    this.#outputs = outputs;
    const command = commandFor(path, args, outputs.output);
    setSpawnOptions(command, {
      stdio: [
        outputs.onInput ? 'pipe' : 'ignore',
        'pipe',
        'pipe',
        outputs.views === undefined ? 'ignore' : 'pipe',
        'pipe',
      ],
      ...(environment === undefined ? {} : { env: environment }),
    });
    this.exited = new Promise((resolve) => {
      const settle = (code: number | null) => resolve({ code, stderr: this.#stderr });
      command.on('start', () => this.#adopt(command, settle));
      command.on('stderr', (line: string) => this.#read(line));
      // fluent-ffmpeg also reports an error when ffmpeg is stopped on purpose. The only error to act on here is that
      // the output stream failed, for which fluent-ffmpeg kills ffmpeg.
      command.on('error', (error: Error) => {
        if (!('outputStreamError' in error)) return;
        this.#stopping = true;
        this.#note(error.message);
        this.#valve?.open();
      });
      command.run();
    });
  }

  /** Undefined until it was started, and when it could not be. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** To be called with each picture on stdout: those for viewers may wait for as long as these come. */
  feed(): void {
    this.#valve?.feed();
  }

  /**
   * Asks ffmpeg to end, so that it can close its session with the camera (many allow only a few), and kills it when it
   * does not end within two seconds. Resolves when it has ended.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    // It would wait for somebody to take the pictures in its pipe.
    this.#valve?.open();
    // It does not notice the signal while it waits for its input.
    this.#child?.stdin?.destroy();
    this.#child?.kill('SIGTERM');
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), killGraceMs);
    await this.exited;
    clearTimeout(timer);
  }

  #adopt({ ffmpegProc: child }: Command, settle: (code: number | null) => void): void {
    if (!child) return;
    this.#child = child;
    running.add(child);
    this.#connect(child);
    // 'close' comes after the last byte of every pipe; fluent-ffmpeg's own 'end' may come earlier.
    child.once('exit', () => this.#valve?.open());
    child.once('close', (code, signal) => {
      running.delete(child);
      if (signal && !this.#stopping) this.#note(`ffmpeg was terminated by ${signal}`);
      settle(code);
    });
    // Replaces fluent-ffmpeg's own listener, which throws when the program cannot be started.
    child.removeAllListeners('error');
    child.once('error', (error) => {
      running.delete(child);
      this.#valve?.open();
      this.#note(error.message);
      settle(null);
    });
    if (this.#stopping) child.kill('SIGTERM');
  }

  /** Reads the pipes that fluent-ffmpeg knows nothing of. */
  #connect({ stdio, stdin }: ChildProcess): void {
    const { views, onDecoded, onInput } = this.#outputs;
    // An ffmpeg that reads no more has ended, or is about to, which is told by its exit.
    stdin?.on('error', () => undefined);
    if (stdin && !this.#stopping) onInput?.(stdin);
    const progress = new ProgressReader(onDecoded);
    (stdio[progressPipe] as Readable | undefined)?.setEncoding('latin1').on('data', (text: string) => {
      progress.push(text);
    });
    const pictures = stdio[viewPipe] as Readable | undefined;
    if (views === undefined || pictures === undefined) return;
    pictures.on('data', (chunk: Buffer) => views.output.write(chunk)).once('end', () => views.output.end());
    this.#valve = new ViewValve(pictures, views.demand);
    views.output.once('error', (error) => {
      pictures.removeAllListeners('data');
      this.#note(error.message);
      void this.stop();
    });
  }

  #read(line: string): void {
    const [, speakers = '', level, text = ''] = logLine.exec(line) ?? [];
    if (level === undefined || /panic|fatal|error/.test(level)) {
      this.#note(level === undefined ? line : speakers + text);
    } else this.#outputs.onRemark(line);
  }

  #note(line: string): void {
    // How often the last line was repeated says nothing: it may have been no complaint.
    if (line.trim() === '' || /^\s+Last message repeated \d+ times$/.test(line)) return;
    if (this.#stderr.push(redact(line)) > stderrLines) this.#stderr.shift();
  }
}

/** fluent-ffmpeg has no option for the environment and the pipes, but passes these options on to `spawn()`. */
function setSpawnOptions(command: Command, own: object): void {
  const spawn = command._spawnFfmpeg.bind(command);
  command._spawnFfmpeg = (args, options, ...callbacks) => spawn(args, { ...options, ...own }, ...callbacks);
}

function commandFor(path: string, args: FfmpegArguments, output: Writable): Command {
  // The options are spread because fluent-ffmpeg splits array entries that contain one space.
  const command = ffmpeg({ stdoutLines: 1 })
    .input(args.input)
    .inputOptions(...args.inputOptions) as Command;
  if (args.viewOptions !== undefined) command.output(`pipe:${viewPipe}`).outputOptions(...args.viewOptions);
  command.output(output).outputOptions(...args.outputOptions);
  // fluent-ffmpeg keeps one ffmpeg path for the whole program, and its capability checks start ffmpeg twice more and
  // misread the lists of ffmpeg 7.
  return Object.assign(command, {
    _getFfmpegPath: (callback: (error: null, path: string) => void) => callback(null, path),
    _checkCapabilities: (callback: (error: null) => void) => callback(null),
    availableEncoders: (callback: (error: null, encoders: object) => void) => callback(null, {}),
  });
}

export interface PlayOptions extends Omit<FfmpegOutputs, 'output'> {
  /** Path of the ffmpeg to run. */
  readonly ffmpegPath: string;
  readonly args: FfmpegArguments;
  /** Environment variables for ffmpeg; those of this program when undefined. */
  readonly environment?: FfmpegEnvironment | undefined;
  /** Makes the stream for ffmpeg's stdout, which calls `onPicture` with every picture. */
  readonly output: (onPicture: (size: PictureSize) => void) => Writable;
  /** Called with the size of the first picture, and again when it changes. */
  readonly onSize: (size: PictureSize) => void;
  /** ffmpeg is stopped after it has waited this long for its source without decoding a picture. */
  readonly stallTimeoutMs: number;
  /** Stops ffmpeg when aborted. */
  readonly signal: AbortSignal;
}

/** Runs ffmpeg once from start to end under a watchdog. Resolves, and never rejects, when ffmpeg has ended. */
export async function play(options: PlayOptions): Promise<Playback> {
  const { onSize, stallTimeoutMs: limitMs, signal, onDecoded } = options;
  const playback = { frames: 0, decoded: 0, stalled: false, onlineSince: Infinity };
  let size: PictureSize | undefined;
  const onPicture = (picture: PictureSize) => {
    watch.feed();
    child.feed();
    if (playback.frames++ === 0) playback.onlineSince = performance.now();
    if (picture.width === size?.width && picture.height === size.height) return;
    size = { width: picture.width, height: picture.height };
    onSize(size);
  };
  const noteDecoded = (frames: number) => {
    if (frames > playback.decoded) watch.feed();
    playback.decoded = frames;
    onDecoded(frames);
  };
  const { stdin } = options.args;
  const onInput = stdin === undefined ? options.onInput : (input: Writable) => void input.end(stdin);
  const outputs = { ...options, onInput, output: options.output(onPicture), onDecoded: noteDecoded };
  const child = new FfmpegProcess(options.ffmpegPath, options.args, outputs, options.environment);
  const watch = new StallWatch({
    limitMs,
    activity: () => (child.pid === undefined ? undefined : activityOf(child.pid)),
    onStall: () => {
      playback.stalled = true;
      void child.stop();
    },
  });
  const stop = () => void child.stop();
  signal.addEventListener('abort', stop, { once: true });
  const { stderr } = await child.exited;
  signal.removeEventListener('abort', stop);
  watch.close();
  const { frames, stalled, onlineSince } = playback;
  return { frames, stalled, onlineMs: Math.max(0, performance.now() - onlineSince), stderr };
}
