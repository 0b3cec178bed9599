import type { Writable } from 'node:stream';
import type { FfmpegArguments } from './ffmpeg-arguments.js';
import { FfmpegProcess, type FfmpegEnvironment } from './ffmpeg-process.js';
import type { Playback } from './next-step.js';
import type { PictureSize } from './ppm-header.js';

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
