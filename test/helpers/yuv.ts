import { spawn } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import type { Image, RgbImage, YuvImage } from '../../src/core/image.js';
import { findFfmpeg } from '../../src/ingest/ffmpeg-binary.js';

const raw = ['-f', 'rawvideo', '-'];

/** A picture in planar YUV, as ffmpeg converts it. */
export async function toYuv(image: RgbImage, matrix: YuvImage['matrix'] = 'bt709'): Promise<YuvImage> {
  const { width, height } = image;
  const filter = `scale=out_color_matrix=${matrix}:out_range=tv:flags=accurate_rnd+full_chroma_inp,format=yuv420p`;
  const data = await convert(['-pix_fmt', 'rgb24', ...sizeOf(image), '-i', '-', '-vf', filter], image.data);
  return { width, height, matrix, data };
}

/** A picture in RGB, as ffmpeg converts it. */
export async function toRgb(image: YuvImage): Promise<RgbImage> {
  const { width, height, matrix } = image;
  const filter = `scale=in_color_matrix=${matrix}:in_range=tv,format=rgb24`;
  const data = await convert(['-pix_fmt', 'yuv420p', ...sizeOf(image), '-i', '-', '-vf', filter], image.data);
  return { width, height, data };
}

/** A picture of one colour, as ffmpeg makes it. @param colour in hexadecimal digits, such as ff0000 */
export async function yuvOfColour(
  colour: string,
  { width, height }: Pick<Image, 'width' | 'height'>,
  matrix: YuvImage['matrix'],
): Promise<YuvImage> {
  const source = `color=0x${colour}:size=${width}x${height},format=rgb24`;
  const filter = `scale=out_color_matrix=${matrix}:out_range=tv,format=yuv420p`;
  const data = await run(['-f', 'lavfi', '-i', `${source},${filter}`, '-frames:v', '1', ...raw]);
  return { width, height, matrix, data };
}

function sizeOf({ width, height }: Image): string[] {
  return ['-video_size', `${width}x${height}`];
}

function convert(args: readonly string[], input: Uint8Array): Promise<Buffer> {
  return run(['-f', 'rawvideo', ...args, '-frames:v', '1', ...raw], input);
}

async function run(args: readonly string[], input?: Uint8Array): Promise<Buffer> {
  const { path } = await findFfmpeg();
  const ffmpeg = spawn(path, ['-loglevel', 'error', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  // What ffmpeg does not read shows in what it returns.
  ffmpeg.stdin.on('error', () => undefined);
  ffmpeg.stdin.end(input);
  return buffer(ffmpeg.stdout);
}
