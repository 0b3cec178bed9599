import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { VideoFolder } from '../../helpers/video.js';
import type { Frame, RgbImage } from '../../../src/core/image.js';
import { rgbRegion } from '../../../src/core/rgb-region.js';
import { ffmpegChildren } from '../../helpers/processes.js';
import { allFfmpegs, WatchedSource } from './watch-source.js';

const folder = new VideoFolder();
const opened: WatchedSource[] = [];
let clip: string;

function open(...args: ConstructorParameters<typeof WatchedSource>): WatchedSource {
  const watched = new WatchedSource(...args);
  opened.push(watched);
  return watched;
}

beforeAll(async () => {
  clip = await folder.clip({ width: 320, height: 240, fps: 25, seconds: 1 });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ source }) => source.close()));
});
afterAll(() => folder.remove());

describe.each(await allFfmpegs())('VideoSource with ffmpeg $version', (ffmpeg) => {
  it('shows the test pattern', async () => {
    const sizes = new Set<string>();
    const watched = open('test:128x96@25', {
      ffmpeg,
      onFrame: (frame) => {
        sizes.add(`${frame.width}x${frame.height}, ${frame.data.length} bytes`);
        frame.release();
      },
    });
    await watched.frames(5);
    expect(watched.states).toEqual([{ state: 'connecting' }, { state: 'online', width: 128, height: 96 }]);
    expect([...sizes]).toEqual(['128x96, 18432 bytes']);
    expect(watched.sequences.slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
  });

  it('plays every frame of a file in its true colours, then ends', async () => {
    const colours: RgbImage[] = [];
    const watched = open(await folder.clip({ name: 'red.mkv', colour: 'red', seconds: 1 }), {
      ffmpeg,
      onFrame: (frame) => {
        colours.push(rgbRegion(frame, { x: 0, y: 0, width: 1, height: 1 }));
        frame.release();
      },
    });
    await watched.state('ended');
    expect(watched.path).toEqual(['connecting', 'online', 'ended']);
    expect(watched.sequences).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
    for (const { data } of colours) {
      expect(data[0]).toBeGreaterThan(240);
      expect(Math.max(...data.subarray(1))).toBeLessThan(15);
    }
    expect(watched.logged).toEqual([]);
  });

  it('plays a file over and over', async () => {
    const watched = open(clip, { ffmpeg, loop: true });
    await watched.frames(40);
    expect(watched.path).toEqual(['connecting', 'online']);
  });

  it('makes pictures smaller and fewer, never larger', async () => {
    const smaller = open(clip, { ffmpeg, width: 160, analysisFps: 5 });
    await smaller.state('ended');
    expect(smaller.states[1]).toEqual({ state: 'online', width: 160, height: 120 });
    expect(smaller.sequences).toHaveLength(5);
    const same = open(clip, { ffmpeg, width: 1920, analysisFps: 100 });
    await same.state('ended');
    expect(same.states[1]).toEqual({ state: 'online', width: 320, height: 240 });
    expect(same.sequences).toHaveLength(25);
  });

  it('plays what is left of a file that breaks off, and says so', async () => {
    const watched = open(await folder.truncated(clip, 0.5), { ffmpeg });
    await watched.state('ended');
    expect(watched.sequences.length).toBeGreaterThan(5);
    expect(watched.sequences.length).toBeLessThan(25);
    expect(watched.logged[0]?.message).toContain('damaged');
  });

  it.each([
    ['a file that is not there', () => '/no/such/file.mp4', 'SOURCE_NOT_FOUND'],
    ['a text file', () => folder.write('notes.txt', 'line of text\n'.repeat(500)), 'SOURCE_NOT_VIDEO'],
    ['an empty file', () => folder.write('empty.mp4', ''), 'SOURCE_NOT_VIDEO'],
    ['noise', () => folder.write('noise.mp4', Buffer.alloc(5000, 1)), 'SOURCE_NOT_VIDEO'],
    ['a file cut off in its index', () => folder.truncated(clip, 0.02), 'SOURCE_NOT_VIDEO'],
    ['a folder', () => folder.path, 'SOURCE_NOT_VIDEO'],
  ])('gives up on %s', async (_name, make, code) => {
    const source = await make();
    const watched = open(source, { ffmpeg });
    const { error } = await watched.state('failed');
    expect(error.code).toBe(code);
    expect(error.message).toContain(source);
    expect(watched.path).toEqual(['connecting', 'failed']);
  });

  it('decodes in software when the hardware decoder fails, and says so', async () => {
    const watched = open(clip, { ffmpeg, hwaccel: 'no-such-decoder' });
    await watched.state('ended');
    expect(watched.path).toEqual(['connecting', 'connecting', 'online', 'ended']);
    expect(watched.logged.map(({ message }) => message)).toEqual([
      expect.stringContaining('no-such-decoder'),
    ]);
  });

  it('drops and counts frames while all buffers are held, and goes on when they come back', async () => {
    const held: Frame[] = [];
    const watched = open('test:64x48@25', { ffmpeg, poolSize: 2, onFrame: (frame) => held.push(frame) });
    await watched.frames(2);
    const before = held.map((frame) => frame.data.slice());
    // Meanwhile another source shows ten frames, and this one would have.
    await open('test:64x48@25', { ffmpeg }).frames(10);
    expect(watched.sequences).toEqual([1, 2]);
    expect(watched.source.dropped).toBeGreaterThan(0);
    expect(watched.source.frames).toBe(2 + watched.source.dropped);
    expect(held.map((frame) => frame.data)).toEqual(before);
    const decoded = watched.source.frames;
    for (const frame of held) frame.release();
    await watched.frames(1);
    expect(watched.sequences[2]).toBeGreaterThan(decoded);
  });

  it('needs no more memory than its pool, however long it plays', async () => {
    const buffers = new Set<ArrayBufferLike>();
    const onFrame = (frame: Frame) => {
      buffers.add(frame.data.buffer);
      frame.release();
    };
    await open(clip, { ffmpeg, loop: true, poolSize: 2, onFrame }).frames(60);
    expect(buffers.size).toBeLessThanOrEqual(2);
  });

  it('survives listeners that throw', async () => {
    const broken = () => {
      throw new Error('broken listener');
    };
    const watched = open('test:64x48@25', { ffmpeg, poolSize: 2, onFrame: broken, onState: broken });
    await watched.until(({ logged }) => logged.length > 5);
    expect(watched.source.dropped).toBe(0);
  });

  it('leaves no ffmpeg behind and calls nobody back after close()', async () => {
    const watched = open('test:', { ffmpeg });
    await watched.frames(3);
    expect(ffmpegChildren()).toHaveLength(1);
    const closing = watched.source.close();
    const [states, frames] = [watched.states.length, watched.sequences.length];
    await closing;
    await watched.source.close();
    expect(ffmpegChildren()).toEqual([]);
    expect([watched.states.length, watched.sequences.length]).toEqual([states, frames]);
  });

  it('closes before it has begun, and while ffmpeg starts', async () => {
    const watched = open('test:', { ffmpeg });
    await watched.source.close();
    expect(watched.path).toEqual(['connecting']);
    expect(ffmpegChildren()).toEqual([]);
  });
});
