import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { YuvImage } from '../../src/core/image.js';
import { yuvLayout } from '../../src/core/yuv.js';
import { findFfmpeg } from '../../src/ingest/ffmpeg-binary.js';

const run = promisify(execFile);

/** Two people before a grey wall: each a video cut to a part, moving along x as an ffmpeg expression of t says. */
export interface Mover {
  readonly file: string;
  /** ffmpeg's crop: width:height:x:y. */
  readonly crop: string;
  readonly x: string;
}

const width = 640;
const height = 300;

/** Frames at 25 a second; the second mover passes in front of the first. */
export async function composeMovers(movers: readonly [Mover, Mover], seconds: number): Promise<YuvImage[]> {
  const [behind, before] = movers;
  const graph = [
    `color=0x707880:${width}x${height}:rate=25:duration=${seconds}[wall]`,
    `[0:v]crop=${behind.crop},fps=25[a]`,
    `[1:v]crop=${before.crop},fps=25[b]`,
    `[wall][a]overlay=x='${behind.x}':y=35:shortest=0[c]`,
    `[c][b]overlay=x='${before.x}':y=35:shortest=0[out]`,
  ].join(';');
  const inputs = movers.flatMap(({ file }) => ['-i', file]);
  const output = ['-filter_complex', graph, '-map', '[out]', '-t', String(seconds)];
  return framesOf([...inputs, ...output], { width, height });
}

/** A face that is shown for some time in the middle of the picture: a photo cut to a square, in ffmpeg's crop syntax. */
export interface Turn {
  readonly photo: string;
  readonly crop: string;
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

const turnSide = 240;

/**
 * Frames at 25 a second, 640×400: faces one after another at one place, nodding a little, with noise. The background is
 * plain to see, so that another face makes no other scene.
 */
export async function composeTurns(turns: readonly Turn[], seconds: number): Promise<YuvImage[]> {
  const size = { width: 640, height: 400 };
  const graph = [
    `smptehdbars=size=${size.width}x${size.height}:rate=25:duration=${seconds}[wall0]`,
    ...turns.map(
      ({ crop }, i) => `[${i}:v]crop=${crop},scale=${turnSide}:${turnSide},setsar=1,loop=-1:1[face${i}]`,
    ),
    ...turns.map(({ fromSeconds, toSeconds }, i) => {
      const place = `x='200+3*sin(2.1*t)':y='80+3*sin(1.3*t)'`;
      return `[wall${i}][face${i}]overlay=${place}:enable='between(t,${fromSeconds},${toSeconds - 0.02})'[wall${i + 1}]`;
    }),
    `[wall${turns.length}]noise=alls=6:allf=t[out]`,
  ].join(';');
  const inputs = turns.flatMap(({ photo }) => ['-framerate', '25', '-i', photo]);
  return framesOf([...inputs, '-filter_complex', graph, '-map', '[out]', '-t', String(seconds)], size);
}

async function framesOf(
  args: readonly string[],
  size: { readonly width: number; readonly height: number },
): Promise<YuvImage[]> {
  const { path } = await findFfmpeg();
  const output = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-'];
  const options = { encoding: 'buffer', maxBuffer: 1e9 } as const;
  const { stdout } = await run(path, ['-loglevel', 'error', ...args, ...output], options);
  const bytes = yuvLayout(size).byteLength;
  return Array.from({ length: Math.floor(stdout.length / bytes) }, (_, i) => ({
    ...size,
    // What ffmpeg makes of RGB when nothing else is asked for.
    matrix: 'bt601',
    data: stdout.subarray(i * bytes, (i + 1) * bytes),
  }));
}
