import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { RgbImage } from '../../src/core/image.js';
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
export async function composeMovers(movers: readonly [Mover, Mover], seconds: number): Promise<RgbImage[]> {
  const [behind, before] = movers;
  const graph = [
    `color=0x707880:${width}x${height}:rate=25:duration=${seconds}[wall]`,
    `[0:v]crop=${behind.crop},fps=25[a]`,
    `[1:v]crop=${before.crop},fps=25[b]`,
    `[wall][a]overlay=x='${behind.x}':y=35:shortest=0[c]`,
    `[c][b]overlay=x='${before.x}':y=35:shortest=0[out]`,
  ].join(';');
  const inputs = movers.flatMap(({ file }) => ['-i', file]);
  const { path } = await findFfmpeg();
  const output = ['-map', '[out]', '-t', String(seconds), '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
  const options = { encoding: 'buffer', maxBuffer: 1e9 } as const;
  const { stdout } = await run(
    path,
    ['-loglevel', 'error', ...inputs, '-filter_complex', graph, ...output],
    options,
  );
  const size = width * height * 3;
  return Array.from({ length: Math.floor(stdout.length / size) }, (_, i) => ({
    width,
    height,
    data: stdout.subarray(i * size, (i + 1) * size),
  }));
}
