import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Detection } from '../../../src/core/face.js';
import type { TrackState } from '../../../src/core/track-state.js';
import { FaceStage, type FaceStageOptions } from '../../../src/pipeline/face-stage.js';
import { LargeFrames } from '../../../src/pipeline/large-frames.js';
import { franck, held, known, poorView } from '../events/track-report.js';
import { CountedFrame, FakeDetector, FakeObserver, FreeTurns, deferred, faceAt } from './fakes.js';

let detector: FakeDetector;
let turns: FreeTurns;
let observer: FakeObserver;
let logged: unknown[];
let states: Map<number, TrackState>;

beforeEach(() => {
  detector = new FakeDetector();
  turns = new FreeTurns();
  observer = new FakeObserver();
  logged = [];
  states = new Map();
});

function stageWith(options: Partial<FaceStageOptions> = {}): FaceStage {
  return new FaceStage({
    id: 'door',
    place: { detector, scheduler: turns },
    rate: 'auto',
    region: undefined,
    observers: [observer],
    trackState: (id) => states.get(id),
    metrics: { observeDetection: () => undefined },
    log: { error: (fields: { err: unknown }) => void logged.push(fields.err) } as never,
    ...options,
  });
}

/** Shows frames 100 ms apart, each when the one before was searched; returns them. */
async function show(stage: FaceStage, from: number, to: number): Promise<CountedFrame[]> {
  const frames = [];
  for (let time = from; time <= to; time += 100) {
    const frame = new CountedFrame(time);
    frames.push(frame);
    stage.offer(frame);
    await nextTurn();
  }
  return frames;
}

const owners = (frames: readonly CountedFrame[]): number[] => frames.map((frame) => frame.owners);

describe('FaceStage', () => {
  it('tells its observers of a track from its start to its end, in order', async () => {
    const stage = stageWith();
    detector.search = () => Promise.resolve([faceAt(20, 10)]);
    await show(stage, 100, 400);
    detector.search = () => Promise.resolve([]);
    await show(stage, 1500, 1500);
    await show(stage, 2000, 2000);
    expect(observer.heard).toEqual([
      ...['observe 1 @100', 'observe 1 @200', 'started 1 @300', 'observe 1 @300', 'observe 1 @400'],
      ...['observe 1 @1500', 'ended 1 @2000', 'observe 0 @2000'],
    ]);
  });

  it('has one frame searched at a time, and keeps only the newest of those that come meanwhile', async () => {
    const stage = stageWith();
    const search = deferred<Detection[]>();
    detector.search = () => search.promise;
    const [first] = await show(stage, 100, 100);
    const others = await show(stage, 200, 1000);
    expect([detector.searched.length, first?.owners]).toEqual([1, 2]);
    expect(owners(others)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 2]);
    expect(stage.skipped).toEqual({ search: 8, idle: 0, unmatched: 0 });
    search.resolve([]);
    await nextTurn();
    expect(detector.searched[1]?.image).toBe(others.at(-1));
    expect(owners([first!, ...others])).toEqual(new Array(10).fill(1));
  });

  it('searches a still scene every three seconds, at once when something moves, and twice a second while a face is still there', async () => {
    const stage = stageWith();
    const searchedAt = (): number[] => detector.searched.map(({ image }) => (image as CountedFrame).sequence);
    await show(stage, 0, 10_000);
    expect(stage.figures(0).state).toBe('idle');
    expect(searchedAt().filter((time) => time >= 2000)).toEqual([4900, 7900]);
    expect(stage.skipped).toMatchObject({ search: 0, idle: 101 - detector.searched.length });
    const moved = new CountedFrame(10_100, { scene: 'rows' });
    stage.offer(moved);
    await nextTurn();
    expect(searchedAt().at(-1)).toBe(10_100);

    detector.search = () => Promise.resolve([faceAt(20, 10)]);
    await show(stage, 20_000, 30_000);
    expect(stage.figures(0).state).toBe('still');
    const [first, ...others] = searchedAt().slice(-4);
    expect(others.map((time) => time - first!)).toEqual([500, 1000, 1500]);
    // A face that is lost is looked for at once.
    detector.search = () => Promise.resolve([]);
    await show(stage, 30_100, 31_000);
    expect(stage.figures(0).state).toBe('active');
  });

  it('moves to another detector when the frame in hand is done, and goes on with its tracks', async () => {
    const stage = stageWith();
    const search = deferred<Detection[]>();
    detector.search = () => search.promise;
    await show(stage, 100, 200);
    const [other, otherTurns] = [new FakeDetector(), new FreeTurns()];
    other.search = () => Promise.resolve([faceAt(20, 10)]);
    let moved = false;
    const moving = stage.moveTo({ detector: other, scheduler: otherTurns }).then(() => (moved = true));
    await nextTurn();
    expect([moved, detector.ended, turns.closed, otherTurns.joined]).toEqual([false, 0, 1, 0]);
    search.resolve([faceAt(20, 10)]);
    await moving;
    expect([detector.ended, otherTurns.joined, other.searched.length]).toEqual([1, 1, 1]);
    await show(stage, 300, 300);
    expect(observer.heard).toEqual(['observe 1 @100', 'observe 1 @200', 'started 1 @300', 'observe 1 @300']);
    await stage.close();
    expect([detector.searched.length, other.ended, otherTurns.closed]).toEqual([1, 1, 1]);
  });

  it('does not move any more once it is closed', async () => {
    const stage = stageWith();
    await stage.close();
    const other = new FreeTurns();
    await stage.moveTo({ detector, scheduler: other });
    expect([other.joined, turns.closed, detector.ended]).toEqual([0, 1, 1]);
  });

  it.each<[string, FakeDetector['search'], number]>([
    ['finds nothing', () => Promise.resolve([]), 0],
    ['finds a face', () => Promise.resolve([faceAt(0, 0)]), 0],
    ['rejects', () => Promise.reject(new Error('bad frame')), 1],
    [
      'throws',
      () => {
        throw new Error('bad frame');
      },
      1,
    ],
  ])('releases the frame and searches the next when the detector %s', async (_, search, errors) => {
    const stage = stageWith();
    detector.search = search;
    const frame = new CountedFrame(100);
    stage.offer(frame);
    expect(frame.owners).toBe(2);
    await nextTurn();
    expect(frame.owners).toBe(1);
    await show(stage, 200, 200);
    expect(detector.searched).toHaveLength(2);
    expect(logged).toHaveLength(2 * errors);
    for (const error of logged) expect(error).toMatchObject({ code: 'DETECTOR_FAILED' });
  });

  it('needs no large frame while it finds no face, and follows one when its large frames have come', async () => {
    const wanted: (number | undefined)[] = [];
    const large = new LargeFrames((since) => wanted.push(since));
    const stage = stageWith({ large });
    await show(stage, 0, 100);
    expect([detector.searched.length, wanted, observer.heard]).toEqual([2, [], []]);
    detector.search = () => Promise.resolve([faceAt(20, 10)]);
    await show(stage, 200, 600);
    expect([detector.searched.length, wanted, observer.heard]).toEqual([7, [200], []]);
    // The decoder begins with the key frame before.
    const frames = [0, 100, 200, 300, 400, 500, 600].map((time) => new CountedFrame(time));
    for (const frame of frames) large.push(frame);
    expect(observer.heard).toEqual([
      ...['observe 1 @200', 'observe 1 @300', 'started 1 @400', 'observe 1 @400', 'observe 1 @500'],
      'observe 1 @600',
    ]);
    detector.search = () => Promise.resolve([]);
    for (const time of [2000, 3000]) {
      await show(stage, time, time);
      large.push(new CountedFrame(time));
    }
    expect([wanted, observer.heard.slice(-2)]).toEqual([
      [200, undefined],
      ['ended 1 @3000', 'observe 0 @3000'],
    ]);
    large.clear();
    expect([...owners(frames), stage.skipped.unmatched]).toEqual([1, 1, 1, 1, 1, 1, 1, 0]);
  });

  it.each(['stops', 'is cut'])(
    'follows what was found before the small stream %s before it ends the tracks',
    async (how) => {
      const large = new LargeFrames(() => undefined);
      const stage = stageWith({ large });
      detector.search = () => Promise.resolve([faceAt(20, 10)]);
      await show(stage, 0, 300);
      detector.search = () => Promise.resolve([]);
      if (how === 'stops') stage.endSearched();
      else stage.offer(new CountedFrame(400, { scene: 'rows' }));
      await nextTurn();
      expect(observer.heard).toEqual([]);
      for (const time of [0, 100, 200, 300, 400]) large.push(new CountedFrame(time));
      expect(observer.heard.slice(0, 6)).toEqual([
        ...['observe 1 @0', 'observe 1 @100', 'started 1 @200', 'observe 1 @200', 'observe 1 @300'],
        'ended 1 @300',
      ]);
      expect(stage.skipped.unmatched).toBe(0);
    },
  );

  it('lets go of a frame that still waits for its turn when it is closed', async () => {
    const stage = stageWith();
    turns.admitted = false;
    const [frame] = await show(stage, 100, 100);
    expect([detector.searched.length, frame?.owners]).toEqual([0, 2]);
    await stage.close();
    expect([detector.searched.length, frame?.owners]).toEqual([0, 1]);
  });

  it('carries faces from the small stream to the large one, and expectations back', async () => {
    const large = new LargeFrames(() => undefined);
    const stage = stageWith({ large });
    detector.search = () => Promise.resolve([faceAt(8, 6, 4)]);
    for (const time of [100, 200, 300, 400]) {
      large.push(new CountedFrame(time, { width: 64, height: 72 }));
      stage.offer(new CountedFrame(time, { width: 32, height: 18 }));
      await nextTurn();
    }
    expect(observer.boxes[0]).toEqual({ x: 16, y: 24, width: 8, height: 16 });
    const [expected] = detector.searched.at(-1)!.expected;
    for (const [side, value] of Object.entries({ x: 8, y: 6, width: 4, height: 4 }))
      expect(expected).toMatchObject({ [side]: expect.closeTo(value, 3) as number });
  });

  it('leaves out faces outside the region', async () => {
    const corners = [
      [0.5, 0],
      [1, 0],
      [1, 1],
      [0.5, 1],
    ] as const;
    const stage = stageWith({ region: corners.map(([x, y]) => ({ x, y })) });
    detector.search = () => Promise.resolve([faceAt(2, 10), faceAt(50, 10)]);
    await show(stage, 100, 100);
    expect(observer.boxes.map(({ x }) => x)).toEqual([50]);
  });

  it.each(['started', 'observe', 'ended', 'close'] as const)(
    'logs an observer that throws at %s, and tells the others all the same',
    async (failing) => {
      const broken = new FakeObserver();
      broken.failing = failing;
      const stage = stageWith({ observers: [broken, observer] });
      detector.search = () => Promise.resolve([faceAt(20, 10)]);
      await show(stage, 100, 300);
      await stage.close();
      expect(observer.heard).toEqual([
        ...['observe 1 @100', 'observe 1 @200', 'started 1 @300', 'observe 1 @300', 'ended 1 @300', 'close'],
      ]);
      const calls = observer.heard.filter((line) => line.startsWith(failing)).length;
      expect(logged).toEqual(Array.from({ length: calls }, () => new Error(`${failing} failed`)));
    },
  );

  it('ends the tracks at a cut, with the frame before it, and draws none of them after it', async () => {
    const stage = stageWith();
    detector.search = () => Promise.resolve([faceAt(20, 10)]);
    await show(stage, 100, 300);
    const search = deferred<Detection[]>();
    detector.search = () => search.promise;
    const cut = new CountedFrame(400, { scene: 'rows' });
    turns.admitted = false;
    stage.offer(cut);
    expect([stage.overlays(399).length, stage.overlays(400).length]).toEqual([1, 0]);
    turns.admitted = true;
    stage.offer(cut);
    search.resolve([faceAt(20, 10)]);
    await nextTurn();
    expect(observer.heard.slice(-2)).toEqual(['ended 1 @300', 'observe 1 @400']);
    expect(detector.searched.at(-1)?.expected).toEqual([]);
  });

  it('draws what is known of a track', async () => {
    const stage = stageWith();
    detector.search = () => Promise.resolve([faceAt(20, 10)]);
    await show(stage, 100, 300);
    expect(stage.overlays(300)).toMatchObject([{ label: '… #1', tone: 'undecided' }]);
    states.set(1, { id: 1, key: 'k', identity: poorView });
    expect(stage.overlays(300)).toMatchObject([{ label: 'poor view: mouth covered #1', tone: 'undecided' }]);
    states.set(1, { id: 1, key: 'k', identity: known(franck) });
    expect(stage.overlays(300)).toMatchObject([{ label: 'Franck 93% #1', tone: 'known' }]);
  });

  it('draws a held name in its own tone, with a question mark and a dashed box', async () => {
    const stage = stageWith();
    detector.search = () => Promise.resolve([faceAt(20, 10)]);
    await show(stage, 100, 300);
    states.set(1, { id: 1, key: 'k', identity: held(known(franck)) });
    expect(stage.overlays(300)).toMatchObject([{ label: 'Franck? #1', tone: 'held', dashed: true }]);
  });

  it('splits a track when an observer finds another face in it: one ends, one starts', async () => {
    const stage = stageWith();
    detector.search = () => Promise.resolve([faceAt(20, 10)]);
    await show(stage, 100, 300);
    expect(observer.doubts.get(1)?.split()).toBe(2);
    expect(observer.doubts.get(1)?.split()).toBeUndefined();
    await show(stage, 400, 400);
    expect(observer.heard.slice(-3)).toEqual(['ended 1 @300', 'started 2 @300', 'observe 1 @400']);
  });

  it.each([0.5, 1, 2, 5])(
    'draws and counts a face between searches, %d a second, and while one misses it',
    async (rate) => {
      const stage = stageWith();
      detector.search = () => Promise.resolve([faceAt(20, 10)]);
      const step = 1000 / rate;
      for (let search = 1; search <= 4; search++) await show(stage, search * step, search * step);
      expect(stage.inView).toBe(1);
      expect(stage.overlays(4.9 * step)).toMatchObject([{ dashed: false }]);
      detector.search = () => Promise.resolve([]);
      await show(stage, 5 * step, 5 * step);
      expect([stage.inView, stage.overlays(5.5 * step)]).toMatchObject([1, [{ dashed: true }]]);
      await show(stage, 6 * step, 6 * step);
      if (rate < 2) expect([stage.inView, stage.overlays(6.1 * step)]).toEqual([0, []]);
    },
  );

  it('counts who is in view', async () => {
    const stage = stageWith();
    detector.search = () => Promise.resolve([faceAt(5, 10), faceAt(45, 10)]);
    const counts = [];
    for (const time of [100, 200, 300]) {
      await show(stage, time, time);
      counts.push(stage.inView);
    }
    stage.endAll();
    expect([...counts, stage.inView]).toEqual([0, 0, 2, 0]);
  });

  it('closes when the frame in hand is done: it still counts, then all tracks end', async () => {
    const stage = stageWith();
    detector.search = () => Promise.resolve([faceAt(20, 10)]);
    await show(stage, 100, 200);
    const search = deferred<Detection[]>();
    detector.search = () => search.promise;
    const [last] = await show(stage, 300, 300);
    let closed = false;
    const closing = stage.close().then(() => (closed = true));
    await nextTurn();
    expect([closed, last?.owners]).toEqual([false, 2]);
    search.resolve([faceAt(20, 10)]);
    await closing;
    expect(last?.owners).toBe(1);
    expect(detector.ended).toBe(1);
    expect(observer.heard.slice(-4)).toEqual(['started 1 @300', 'observe 1 @300', 'ended 1 @300', 'close']);
  });
});
