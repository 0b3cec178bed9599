import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Frame } from '../../../src/core/image.js';
import { ffmpegChildren } from '../../helpers/processes.js';
import { RtspTestServer } from '../../helpers/rtsp-server.js';
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

/** The ffmpegs that decode packets. */
function decoders(): string[] {
  return ffmpegChildren().filter((line) => line.includes(' -i pipe:0 '));
}

/** Resolves when no decoder runs any more. */
async function noDecoder(): Promise<void> {
  await expect.poll(decoders, { timeout: 60_000, interval: 100 }).toEqual([]);
}

beforeAll(async () => {
  clip = await folder.clip({ width: 320, height: 240, fps: 25, seconds: 20 });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ source }) => source.close()));
  expect(ffmpegChildren()).toEqual([]);
});
afterAll(() => folder.remove());

describe.each(await allFfmpegs())('VideoSource on demand with ffmpeg $version', (ffmpeg) => {
  /** A source on demand beside which another has played for a second. */
  async function playing(options: Partial<ConstructorParameters<typeof WatchedSource>[1]> = {}) {
    const frames: Pick<Frame, 'capturedMonotonic' | 'presentedAt' | 'width' | 'height'>[] = [];
    const onFrame = (frame: Frame): void => {
      const { capturedMonotonic, presentedAt, width, height } = frame;
      frames.push({ capturedMonotonic, presentedAt, width, height });
      frame.release();
    };
    const watched = open(clip, { ffmpeg, loop: true, onDemand: true, onFrame, ...options });
    await watched.state('online');
    const other = open(clip, { ffmpeg, loop: true });
    await other.frames(30);
    await other.source.close();
    return { watched, frames };
  }

  it('decodes nothing while no frame is wanted, and is online all the same', async () => {
    const { watched } = await playing();
    expect(watched.states).toEqual([{ state: 'connecting' }, { state: 'online', width: 320, height: 240 }]);
    expect([decoders(), watched.sequences, watched.source.frames]).toEqual([[], [], 0]);
  });

  it('delivers frames from before they were wanted, then live ones, and ends the decoder afterwards', async () => {
    const { watched, frames } = await playing();
    const wantedAt = performance.now();
    watched.source.wantFrames(wantedAt - 800);
    await watched.frames(60);
    expect(decoders()).toHaveLength(1);
    const times = frames.map(({ capturedMonotonic }) => capturedMonotonic);
    expect(times[0]).toBeLessThan(wantedAt - 600);
    expect(times.at(-1)).toBeGreaterThan(wantedAt);
    // Each frame of the clip, one after the other.
    const steps = frames.slice(1).map(({ presentedAt }, index) => presentedAt - frames[index]!.presentedAt);
    expect(steps).toEqual(steps.map(() => expect.closeTo(40, -0.5) as number));
    watched.source.wantFrames(undefined);
    await noDecoder();
    const before = watched.sequences.length;
    watched.source.wantFrames(performance.now());
    await watched.frames(10);
    expect(watched.sequences).toEqual(
      Array.from({ length: watched.sequences.length }, (_, index) => index + 1),
    );
    expect(watched.sequences.length).toBeGreaterThan(before);
    expect([watched.path, watched.logged]).toEqual([['connecting', 'online'], []]);
  });

  it('decodes for viewers too, at the width that is asked for', async () => {
    const views: string[] = [];
    let seen: () => void = () => undefined;
    const shown = new Promise<void>((resolve) => (seen = resolve));
    const { watched, frames } = await playing({
      width: 160,
      views: {
        fps: null,
        poolSize: 3,
        onFrame: (frame) => {
          views.push(`${frame.width}x${frame.height}`);
          frame.release();
          if (views.length === 20) seen();
        },
      },
    });
    expect(watched.states[1]).toEqual({ state: 'online', width: 160, height: 120 });
    watched.source.showViews(true);
    await shown;
    expect(new Set(views)).toEqual(new Set(['160x120']));
    expect(frames[0]).toMatchObject({ width: 160, height: 120 });
    watched.source.showViews(false);
    await noDecoder();
  });

  it('plays a file to its end while it is wanted', async () => {
    const short = await folder.clip({ seconds: 1, name: 'short.mp4' });
    const watched = open(short, { ffmpeg, onDemand: true });
    watched.source.wantFrames(performance.now());
    await watched.state('ended');
    expect(watched.sequences).toHaveLength(25);
  });

  it('decodes all the time what cannot be copied', async () => {
    const watched = open('test:64x48@25', { ffmpeg, onDemand: true });
    await watched.frames(5);
    expect(watched.path).toEqual(['connecting', 'online']);
  });

  it('gives up what is no video', async () => {
    const watched = open(await folder.write('notes.txt', 'line of text\n'.repeat(500)), {
      ffmpeg,
      onDemand: true,
    });
    const { error } = await watched.state('failed');
    expect([error.code, watched.logged]).toEqual(['SOURCE_NOT_VIDEO', []]);
  });

  it('notices a camera that hangs while nothing is wanted, and plays it when it is back', async () => {
    const server = await RtspTestServer.open({ file: clip });
    try {
      const watched = open(server.url, { ffmpeg, transport: 'udp', onDemand: true, stallTimeoutMs: 2000 });
      await watched.state('online');
      server.freeze();
      const { error } = await watched.state('offline');
      expect(error.code).toBe('SOURCE_STALLED');
      watched.source.wantFrames(performance.now());
      await server.stop();
      await server.start();
      await watched.frames(10);
    } finally {
      await server.stop();
    }
  });
});
