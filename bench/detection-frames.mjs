// Frames for bench/detection.mjs and others: a clip of several faces in Full HD where the test material is there, else
// one that pans over a sample photo; in any size, decoded before anything is measured.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { findFfmpeg } from '../dist/src/ingest/ffmpeg-binary.js';
import { defaultCacheDir, ModelStore } from '../dist/src/models/model-store.js';

export const sizes = { '360p': [640, 360], '720p': [1280, 720], '1080p': [1920, 1080] };
/** Of the clip: the time between two frames. */
export const frameMs = 40;
const panPixels = 4;

const crowd = fileURLToPath(new URL('../../shared/data/video/crowd-1080p.mp4', import.meta.url));
export const clip = existsSync(crowd) ? 'crowd-1080p.mp4' : 'sample-1.jpg, panned';

/** The first frames of the clip as {width, height, data}, RGB. */
export async function loadFrames(size, count) {
  const [width, height] = sizes[size];
  const bytes = existsSync(crowd) ? await decode(width, height, count) : await pan(width, height, count);
  const frameBytes = width * height * 3;
  return Array.from({ length: Math.floor(bytes.length / frameBytes) }, (_, index) => ({
    width,
    height,
    data: new Uint8Array(bytes.subarray(index * frameBytes, (index + 1) * frameBytes)),
  }));
}

/** The same frames in planar YUV, as {width, height, data, matrix}. */
export async function loadYuvFrames(size, count) {
  const frames = await loadFrames(size, count);
  const { path } = await findFfmpeg();
  return frames.map(({ width, height, data }) => {
    const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-video_size', `${width}x${height}`, '-i', '-'];
    const filter = 'scale=out_color_matrix=bt709:out_range=tv,format=yuv420p';
    const args = ['-v', 'error', ...input, '-vf', filter, '-f', 'rawvideo', '-'];
    const planes = execFileSync(path, args, { input: data, maxBuffer: Infinity });
    return { width, height, data: new Uint8Array(planes), matrix: 'bt709' };
  });
}

async function decode(width, height, count) {
  const { path } = await findFfmpeg();
  const output = ['-vf', `scale=${width}:${height}`, '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'];
  const { stdout } = await promisify(execFile)(
    path,
    ['-v', 'error', '-i', crowd, '-frames:v', String(count), ...output],
    { encoding: 'buffer', maxBuffer: Infinity },
  );
  return stdout;
}

async function pan(width, height, count) {
  const photo = await new ModelStore({ cacheDir: defaultCacheDir() }).ensure('sample-1');
  const wide = await sharp(photo)
    .resize(width + count * panPixels, height)
    .toBuffer();
  const frames = Array.from({ length: count }, (_, index) =>
    sharp(wide)
      .extract({ left: index * panPixels, top: 0, width, height })
      .removeAlpha()
      .raw()
      .toBuffer(),
  );
  return Buffer.concat(await Promise.all(frames));
}
