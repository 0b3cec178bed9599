import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { findFfmpeg } from '../../../src/ingest/ffmpeg-binary.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { lumaGrid } from '../../../src/tracking/luma-grid.js';
import { Motion } from '../../../src/tracking/motion.js';
import { VideoFolder } from '../../helpers/video.js';

const run = promisify(execFile);
const size = { width: 640, height: 360 };

describe('movement in video as cameras send it', () => {
  const videos = new VideoFolder();
  afterAll(() => videos.remove());

  /** One picture of a film, with sensor noise and what `graph` draws on it, as H.264 at a low rate. */
  async function scene(name: string, graph: string, bitrate: string, seconds: number): Promise<string> {
    const film = await new ModelStore({ cacheDir: defaultCacheDir() }).ensure('demo-cap12');
    const { path } = await findFfmpeg();
    const still = join(videos.path, 'still.png');
    const scale = `scale=${size.width}:${size.height}`;
    await run(path, ['-loglevel', 'error', '-y', '-i', film, '-vf', scale, '-frames:v', '1', still]);
    const file = join(videos.path, `${name}.mp4`);
    const input = ['-loop', '1', '-framerate', '25', '-i', still, '-t', String(seconds)];
    const codec = [
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-pix_fmt',
      'yuv420p',
      '-b:v',
      bitrate,
      '-g',
      '25',
    ];
    await run(path, ['-loglevel', 'error', ...input, '-filter_complex', graph, ...codec, file]);
    return file;
  }

  /** Times in seconds at which something moves, the first second left out, in which an encoder finds its way. */
  async function movements(file: string): Promise<number[]> {
    const { path } = await findFfmpeg();
    const raw = ['-vf', 'fps=10', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-'];
    const options = { encoding: 'buffer', maxBuffer: 1e9 } as const;
    const { stdout } = await run(path, ['-loglevel', 'error', '-i', file, ...raw], options);
    const bytes = size.width * size.height * 1.5;
    const motion = new Motion();
    return Array.from({ length: stdout.length / bytes }, (_, i) => i)
      .filter((i) => {
        const data = stdout.subarray(i * bytes, (i + 1) * bytes);
        return motion.isMoving(lumaGrid({ ...size, data, matrix: 'bt709' }), i * 100) && i >= 10;
      })
      .map((i) => i / 10);
  }

  it.each([
    ['the noise of a sensor, with a key frame every second', 'noise=c0s=10:allf=t'],
    ['light that fades slowly', "eq=brightness='-0.015*t':eval=frame,noise=c0s=8:allf=t"],
  ])('is not seen in %s', async (name, graph) => {
    expect(await movements(await scene(name.slice(0, 9), graph, '300k', 8))).toEqual([]);
  });

  it('is wrongly seen at most now and then where an encoder has too few bits for the noise of a dark scene', async () => {
    const dark = "lutyuv=y='16+(val-16)*0.25',noise=c0s=20:allf=t";
    const seen = await movements(await scene('dark', dark, '300k', 8));
    // Each time the camera is awake for two seconds; it must still sleep for most of the time.
    expect(seen.length).toBeLessThanOrEqual(1);
  });

  it('is seen within 200 ms of a small figure setting out', async () => {
    // At full HD it would be 60 pixels high.
    const walk =
      "noise=c0s=10:allf=t[b];color=black@0.3:s=7x20,format=rgba[w];[b][w]overlay=x='if(lt(t,5),-20,300+17*(t-5))':y=150";
    const [first, ...others] = await movements(await scene('walk', walk, '300k', 8));
    expect(first).toBeGreaterThanOrEqual(5);
    expect(first).toBeLessThanOrEqual(5.2);
    expect(others.length).toBeGreaterThan(20);
  });

  it('is seen all the time of somebody before a camera', async () => {
    const film = await new ModelStore({ cacheDir: defaultCacheDir() }).ensure('demo-cap12');
    const { path } = await findFfmpeg();
    const file = join(videos.path, 'film.mp4');
    const scale = `scale=${size.width}:${size.height}`;
    await run(path, [
      '-loglevel',
      'error',
      '-i',
      film,
      '-t',
      '4',
      '-vf',
      scale,
      '-pix_fmt',
      'yuv420p',
      '-an',
      file,
    ]);
    const seen = await movements(file);
    // Between two movements the camera stays awake for two seconds.
    const gaps = seen.map((time, i) => time - (seen[i - 1] ?? 1));
    expect(Math.max(...gaps)).toBeLessThan(2);
  });
});
