import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Frame } from '../../../src/core/image.js';
import { rgbRegion } from '../../../src/core/rgb-region.js';
import { findFfmpeg } from '../../../src/ingest/ffmpeg-binary.js';
import { ffmpegChildren } from '../../helpers/processes.js';
import { VideoFolder } from '../../helpers/video.js';
import { allFfmpegs, WatchedSource } from './watch-source.js';

const folder = new VideoFolder();
const opened: WatchedSource[] = [];
let clip: string;

function open(...args: ConstructorParameters<typeof WatchedSource>): WatchedSource {
  const watched = new WatchedSource(...args);
  opened.push(watched);
  return watched;
}

/** A clip by the options of its encoder. */
async function encode(name: string, ...options: readonly string[]): Promise<string> {
  const file = `${folder.path}/${name}`;
  await promisify(execFile)((await findFfmpeg()).path, ['-v', 'error', '-y', ...options, file]);
  return file;
}

beforeAll(async () => {
  clip = await folder.clip({ width: 320, height: 240, fps: 25, seconds: 2 });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ source }) => source.close()));
});
afterAll(() => folder.remove());

/** Source options that keep what becomes of the frames for viewers. */
function withViews(fps: number | null = null) {
  const shown: Pick<Frame, 'sequence' | 'presentedAt' | 'capturedMonotonic'>[] = [];
  const onFrame = (frame: Frame): void => {
    const { sequence, presentedAt, capturedMonotonic } = frame;
    shown.push({ sequence, presentedAt, capturedMonotonic });
    frame.release();
  };
  return { shown, views: { fps, poolSize: 3, onFrame } };
}

describe.each(await allFfmpegs())('frames with ffmpeg $version', (ffmpeg) => {
  it('takes as many for analysis as asked for, with their times, and counts all that were decoded', async () => {
    const times: number[] = [];
    const onFrame = (frame: Frame) => {
      times.push(frame.presentedAt);
      frame.release();
    };
    const watched = open(clip, { ffmpeg, analysisFps: 5, onFrame, ...{ views: withViews().views } });
    await watched.state('ended');
    expect(times).toEqual([0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800]);
    expect([watched.source.frames, watched.source.dropped]).toEqual([50, 0]);
    expect(watched.sequences).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('gives viewers every frame while they watch, and none before and after', async () => {
    const { shown, views } = withViews();
    const watched = open('test:64x48@25', { ffmpeg, analysisFps: 5, views });
    await watched.frames(3);
    expect(shown).toEqual([]);
    watched.source.showViews(true);
    await watched.frames(8);
    watched.source.showViews(false);
    const before = shown.length;
    // From one frame for analysis to the next there are five.
    expect(before).toBeGreaterThan(20);
    const steps = shown.slice(1).map(({ presentedAt }, i) => presentedAt - (shown[i]?.presentedAt as number));
    expect(steps).toContain(40);
    expect(Math.min(...steps)).toBeGreaterThan(0);
    await watched.frames(3);
    expect(shown).toHaveLength(before);
  });

  it('never shows viewers what waited for them', async () => {
    const { shown, views } = withViews();
    let newest = 0;
    const onFrame = (frame: Frame) => {
      newest = frame.presentedAt;
      frame.release();
    };
    const watched = open('test:320x240@25', { ffmpeg, analysisFps: 25, onFrame, views });
    watched.source.showViews(true);
    await watched.until(() => shown.length > 0);
    watched.source.showViews(false);
    const seen = shown.length;
    // Longer than a picture may be old.
    await watched.until(() => newest > (shown.at(-1)?.presentedAt as number) + 2000);
    watched.source.showViews(true);
    await watched.until(() => shown.length > seen);
    expect(shown[seen]?.presentedAt).toBeGreaterThan(newest - 1000);
  });

  it('gives viewers no more than they ask for', async () => {
    const { shown, views } = withViews(5);
    const watched = open(clip, { ffmpeg, analysisFps: 25, views });
    watched.source.showViews(true);
    await watched.state('ended');
    expect(shown.map(({ presentedAt }) => presentedAt % 200)).toEqual(shown.map(() => 0));
    expect(watched.sequences).toHaveLength(50);
  });

  it('has ffmpeg end by itself while its pipe is full of pictures that nobody took', async () => {
    const { shown, views } = withViews();
    const large = await folder.clip({ name: 'large.mp4', width: 1280, height: 720, seconds: 1 });
    const watched = open(large, { ffmpeg, analysisFps: 10, views });
    await watched.state('ended');
    await watched.source.close();
    expect([shown, ffmpegChildren(), watched.source.frames]).toEqual([[], [], 25]);
  });

  const yellow = ['-f', 'lavfi', '-i', 'color=c=0xc0a000:size=64x48:rate=10', '-t', '0.5'];
  const lossless = ['-c:v', 'libx264', '-qp', '0', '-preset', 'ultrafast'];
  it.each([
    [
      'BT.709, stated',
      'hd.mp4',
      ['-vf', 'scale=out_color_matrix=bt709,format=yuv420p', '-colorspace', 'bt709', ...lossless],
    ],
    [
      'BT.601, stated',
      'sd.mp4',
      ['-vf', 'scale=out_color_matrix=bt601,format=yuv420p', '-colorspace', 'smpte170m', ...lossless],
    ],
    ['BT.601, by its size', 'small.mp4', ['-vf', 'scale=out_color_matrix=bt601,format=yuv420p', ...lossless]],
    [
      'BT.709, by its size',
      'tall.mp4',
      ['-vf', 'scale=1280x720:out_color_matrix=bt709,format=yuv420p', ...lossless],
    ],
    [
      'full range',
      'full.mp4',
      ['-vf', 'scale=out_color_matrix=bt601:out_range=pc,format=yuvj420p', ...lossless],
    ],
    [
      'Motion JPEG, high definition',
      'tall.avi',
      ['-vf', 'scale=1280x720', '-c:v', 'mjpeg', '-q:v', '1', '-pix_fmt', 'yuvj420p'],
    ],
    ['RGB', 'rgb.mkv', ['-c:v', 'ffv1', '-pix_fmt', 'bgr0']],
  ])('shows the colours of %s', async (_, name, options) => {
    const colours: number[][] = [];
    const onFrame = (frame: Frame) => {
      colours.push([...rgbRegion(frame, { x: 20, y: 20, width: 1, height: 1 }).data]);
      frame.release();
    };
    await open(await encode(name, ...yellow, ...options), { ffmpeg, onFrame }).state('ended');
    const difference = colours.map((rgb) => rgb.map((value, i) => Math.abs(value - [0xc0, 0xa0, 0][i]!)));
    // Planar YUV of limited range has 220 steps.
    expect(Math.max(...difference.flat())).toBeLessThanOrEqual(3);
  });

  it('goes on when the source changes its size, at the size that it began with', async () => {
    const bare = (size: string) =>
      encode(
        `${size}.h264`,
        '-f',
        'lavfi',
        '-i',
        `testsrc2=size=${size}:rate=25`,
        '-t',
        '1',
        '-c:v',
        'libx264',
        '-bf',
        '0',
      );
    const parts = [await bare('320x240'), await bare('160x120')];
    const both = await folder.write(
      'both.h264',
      Buffer.concat(await Promise.all(parts.map((part) => readFile(part)))),
    );
    const watched = open(both, { ffmpeg });
    await watched.state('ended');
    expect(watched.states[1]).toEqual({ state: 'online', width: 320, height: 240 });
    expect([watched.path, watched.sequences.length]).toEqual([['connecting', 'online', 'ended'], 50]);
  });
});
