import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LabelCache } from '../../../src/annotate/label-cache.js';
import { SightlineError } from '../../../src/core/errors.js';
import type { Detection } from '../../../src/core/face.js';
import type { SourceState } from '../../../src/ingest/video-source.js';
import type { PictureVariant } from '../../../src/pipeline/camera.js';
import {
  CameraPipeline,
  type CameraPipelineOptions,
  type FrameSource,
  type MainSourceHandlers,
  type SourceHandlers,
} from '../../../src/pipeline/camera-pipeline.js';
import { historyFrames } from '../../../src/pipeline/large-frames.js';
import { CountedFrame, FakeDetector, FakeObserver, FreeTurns, deferred, faceAt } from './fakes.js';

const plain: PictureVariant = { width: null, overlay: false };
const online: SourceState = { state: 'online', width: 64, height: 36 };

/** A stream that delivers what it is told to. */
class FakeSource implements FrameSource {
  frames = 0;
  dropped = 0;
  started = 0;
  closed = 0;
  /** What was asked for frames for viewers. */
  readonly shown: boolean[] = [];
  /** From when on it was asked for frames to be searched. */
  readonly wanted: (number | undefined)[] = [];
  readonly #handlers: SourceHandlers & Partial<MainSourceHandlers>;

  constructor(handlers: SourceHandlers) {
    this.#handlers = handlers;
  }

  start(): void {
    this.started++;
  }

  showViews(isWanted: boolean): void {
    this.shown.push(isWanted);
  }

  wantFrames(since: number | undefined): void {
    this.wanted.push(since);
  }

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }

  /** Hands a frame for viewers over. */
  view(frame: CountedFrame): CountedFrame {
    this.#handlers.onView?.(frame);
    return frame;
  }

  decode(frames: number): void {
    this.frames = frames;
    this.#handlers.onDecoded?.(frames);
  }

  /** Hands a frame over, and waits until what follows at once is done. */
  async send(frame: CountedFrame): Promise<CountedFrame> {
    this.frames++;
    this.#handlers.onFrame(frame);
    await nextTurn();
    return frame;
  }

  be(state: SourceState): void {
    this.#handlers.onState(state);
  }
}

let detector: FakeDetector;
let turns: FreeTurns;
let told: string[];
let source: FakeSource;
let small: FakeSource;
let encoded: number;

beforeEach(() => {
  detector = new FakeDetector();
  turns = new FreeTurns();
  [told, encoded] = [[], 0];
});

function pipelineWith(options: Partial<CameraPipelineOptions> = {}): CameraPipeline {
  const log = { error: ({ err }: { err: unknown }) => void told.push(`error ${String(err)}`) };
  return new CameraPipeline({
    id: 'door',
    name: 'Front door',
    sourceLabel: 'rtsp://host/',
    createSource: (handlers) => (source = new FakeSource(handlers)),
    createSearchSource: undefined,
    place: { detector, scheduler: turns },
    rate: 'auto',
    fps: null,
    region: undefined,
    observers: [new FakeObserver(told)],
    trackState: () => undefined,
    availability: {
      online: () => void told.push('online'),
      offline: (reason) => void told.push(`offline ${reason?.code ?? 'without a reason'}`),
      overloaded: (reason) => void told.push(`overloaded ${reason.code}`),
      recovered: () => void told.push('recovered'),
    },
    labels: new LabelCache({ fontsDir: '', onError: () => undefined }),
    jpegQuality: 80,
    metrics: { observeDetection: () => undefined, observeAnnotated: () => void encoded++ },
    log: log as never,
    ...options,
  });
}

function withSmallStream(): CameraPipeline {
  return pipelineWith({ createSearchSource: (handlers) => (small = new FakeSource(handlers)) });
}

function offline(code: 'SOURCE_STALLED' | 'SOURCE_UNREACHABLE'): SourceState {
  return { state: 'offline', error: new SightlineError(code, 'gone'), retryInMs: 1000 };
}

/** Frames in which somebody was seen for long enough to be followed. */
async function follow(): Promise<CountedFrame[]> {
  detector.search = () => Promise.resolve([faceAt(20, 10)]);
  const frames = [];
  for (const time of [100, 200, 300]) frames.push(await source.send(new CountedFrame(time)));
  return frames;
}

describe('CameraPipeline', () => {
  it('searches frames for analysis, shows frames for viewers, and lets go of both', async () => {
    const pipeline = pipelineWith();
    const seen: number[] = [];
    const shown = new Promise<void>((resolve) => {
      pipeline.watch(plain, ({ sequence }) => {
        seen.push(sequence);
        resolve();
      });
    });
    const frame = await source.send(new CountedFrame(100));
    const view = source.view(new CountedFrame(140));
    await shown;
    await pipeline.close();
    expect([detector.searched.length, seen, encoded]).toEqual([1, [140], 1]);
    expect([frame.owners, view.owners]).toEqual([0, 0]);
  });

  it('asks for frames for viewers while there are any', async () => {
    const pipeline = pipelineWith();
    const leave = [pipeline.watch(plain, () => undefined), pipeline.watch(plain, () => undefined)];
    for (const stop of leave) stop();
    pipeline.watch(plain, () => undefined);
    await pipeline.close();
    expect(source.shown).toEqual([true, false, true, false]);
  });

  it('tells how many frames are decoded a second, however many are searched', async () => {
    const pipeline = pipelineWith();
    vi.useFakeTimers({ toFake: ['performance'] });
    for (let i = 0; i <= 8; i++) {
      source.decode(100 + Math.round(12.5 * i));
      vi.advanceTimersByTime(500);
    }
    const { frames, framesPerSecond } = pipeline.status();
    vi.useRealTimers();
    expect([frames, framesPerSecond]).toEqual([200, 25]);
    await pipeline.close();
  });

  it('shows the newest frames while a search hangs, and has only the newest of them wait for it', async () => {
    const pipeline = pipelineWith();
    const search = deferred<Detection[]>();
    detector.search = () => search.promise;
    const first = await source.send(new CountedFrame(0));
    const frames = [];
    const last = new Promise<void>((resolve) => {
      pipeline.watch(plain, ({ sequence }) => sequence === 900 && resolve());
    });
    for (let time = 100; time <= 900; time += 100) {
      await source.send(new CountedFrame(time));
      frames.push(source.view(new CountedFrame(time)));
    }
    await last;
    expect([detector.searched.length, first.owners]).toEqual([1, 1]);
    expect(pipeline.status().dropped.encode + encoded).toBe(frames.length);
    search.reject(new Error('gave up'));
    await pipeline.close();
    expect([first, ...frames].map(({ owners }) => owners)).toEqual(new Array(10).fill(0));
    expect(told).toEqual(['error SightlineError: gave up', 'close']);
  });

  it('counts frames that gave way to newer ones before they were encoded', async () => {
    const pipeline = pipelineWith();
    const shown = new Promise<void>((resolve) => pipeline.watch(plain, () => resolve()));
    const frames = [100, 200, 300].map((time) => new CountedFrame(time));
    // All in one turn of the event loop.
    for (const frame of frames) source.view(frame);
    await shown;
    expect(pipeline.status().dropped).toMatchObject({ pool: 0, encode: 2 });
    await pipeline.close();
    expect(frames.map(({ owners }) => owners)).toEqual([0, 0, 0]);
  });

  it('ends the tracks when the camera goes, then tells it once, however often it fails the same way', async () => {
    const pipeline = pipelineWith();
    source.be(online);
    await follow();
    for (let attempt = 0; attempt < 3; attempt++) {
      source.be(offline('SOURCE_STALLED'));
      source.be({ state: 'connecting' });
    }
    source.be(offline('SOURCE_UNREACHABLE'));
    source.be({ state: 'connecting' });
    source.be(online);
    expect(told.filter((line) => !line.startsWith('observe'))).toEqual([
      ...['online', 'started 1 @300', 'ended 1 @300', 'offline SOURCE_STALLED', 'offline SOURCE_UNREACHABLE'],
      'online',
    ]);
    await pipeline.close();
  });

  it.each<[string, SourceState, string]>([
    ['a file has ended', { state: 'ended' }, 'offline without a reason'],
    [
      'a source cannot be mended',
      { state: 'failed', error: new SightlineError('SOURCE_UNREACHABLE', 'no') },
      'offline SOURCE_UNREACHABLE',
    ],
  ])('says so when %s', async (_, state, line) => {
    const pipeline = pipelineWith();
    source.be(online);
    source.be(state);
    expect(told).toEqual(['online', line]);
    expect(pipeline.status().state).toBe(state.state);
    await pipeline.close();
  });

  it('ends the tracks at a cut', async () => {
    const pipeline = pipelineWith();
    await follow();
    await source.send(new CountedFrame(400, { scene: 'rows' }));
    expect(told.slice(-2)).toEqual(['ended 1 @300', 'observe 1 @400']);
    await pipeline.close();
  });

  it('looks up what the small stream shows in the large frame of the same moment', async () => {
    const pipeline = withSmallStream();
    const large = [];
    for (const time of [100, 200, 300]) large.push(await source.send(new CountedFrame(time)));
    expect([detector.searched.length, ...large.map(({ owners }) => owners)]).toEqual([0, 1, 1, 1]);
    detector.search = () => Promise.resolve([faceAt(5, 5, 4)]);
    const frame = await small.send(new CountedFrame(220, { width: 32, height: 18 }));
    expect([told, source.wanted, pipeline.status().framesPerSecond]).toEqual([['observe 1 @200'], [220], 0]);
    small.be(offline('SOURCE_STALLED'));
    await expect.poll(() => source.wanted).toEqual([220, undefined]);
    await pipeline.close();
    expect([frame, ...large].map(({ owners }) => owners)).toEqual([0, 0, 0, 0]);
  });

  it('keeps a few large frames for the small stream, and counts what none of them shows', async () => {
    const pipeline = withSmallStream();
    const large = [];
    for (let time = 0; time <= 600; time += 100) large.push(await source.send(new CountedFrame(time)));
    expect(large.filter(({ owners }) => owners === 1)).toHaveLength(historyFrames);
    detector.search = () => Promise.resolve([faceAt(20, 10)]);
    const frame = await small.send(new CountedFrame(5000));
    expect([detector.searched.length, frame.owners, told]).toEqual([1, 0, []]);
    large.push(await source.send(new CountedFrame(5600)));
    expect([told, pipeline.status().dropped.unmatched]).toEqual([[], 1]);
    await pipeline.close();
    expect(large.every(({ owners }) => owners === 0)).toBe(true);
  });

  it('says how the camera is, and what is wrong with either stream', async () => {
    const pipeline = withSmallStream();
    pipeline.start();
    expect([source.started, small.started]).toEqual([1, 1]);
    expect(pipeline.status()).toMatchObject({ state: 'connecting', error: null, width: null, height: null });
    source.be(online);
    small.be(offline('SOURCE_UNREACHABLE'));
    await source.send(new CountedFrame(100));
    expect(pipeline.status()).toMatchObject({
      ...{ id: 'door', name: 'Front door', source: 'rtsp://host/', detector: 'fake', state: 'online' },
      ...{ error: { code: 'SOURCE_UNREACHABLE' }, width: 64, height: 36, faces: 0, frames: 1 },
    });
    small.be(online);
    expect(pipeline.status().error).toBeNull();
    expect(told).toEqual(['online']);
    await pipeline.close();
  });

  it('closes once: the streams first, then the frame in hand, the tracks and their observers', async () => {
    const pipeline = withSmallStream();
    const search = deferred<Detection[]>();
    detector.search = () => search.promise;
    await source.send(new CountedFrame(100));
    const frame = await small.send(new CountedFrame(100));
    let closed = false;
    const closing = pipeline.close().then(() => (closed = true));
    expect(pipeline.close()).toBe(pipeline.close());
    await nextTurn();
    expect([source.closed, small.closed, closed]).toEqual([1, 1, false]);
    search.resolve([faceAt(20, 10)]);
    await closing;
    expect([told, detector.ended, turns.closed, frame.owners]).toEqual([
      ['observe 1 @100', 'close'],
      1,
      1,
      0,
    ]);
  });
});
