import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Detection, Track } from '../../../src/core/face.js';
import { centre, iou, type Box } from '../../../src/core/geometry.js';
import { Tracker } from '../../../src/tracking/tracker.js';
import { detect, detectionTimes, face, noisy, Random } from './scene.js';

const confirmed = (tracks: readonly Track[]) => tracks.filter((track) => track.state === 'confirmed');

/** Runs a scene of one face; calls `look` for each frame of 25 a second, whether or not detection ran on it. */
function follow(
  path: (seconds: number) => Box,
  perSecond: number,
  seed: number,
  look: (track: Track, truth: Box) => void,
) {
  const random = new Random(seed);
  const tracker = new Tracker();
  let nextDetection = 0;
  for (let time = 0; time < 8000; time += 40) {
    const truth = path(time / 1000);
    const detects = time >= nextDetection;
    if (detects) nextDetection = time + (1000 / perSecond) * random.between(0.7, 1.3);
    const tracks = detects ? tracker.update([noisy(truth, random)], time).tracks : tracker.predict(time);
    for (const track of tracks) look(track, truth);
  }
}

describe('confirming', () => {
  it('tells of a face once, when it was seen three times', () => {
    const tracker = new Tracker();
    const states = [0, 100, 200, 300].map((time) => tracker.update([detect(face(200, 200))], time));
    expect(states.map(({ tracks }) => tracks[0]?.state)).toEqual([
      'tentative',
      'tentative',
      'confirmed',
      'confirmed',
    ]);
    expect(states.map(({ started }) => started.map(({ id }) => id))).toEqual([[], [], [1], []]);
    expect(states[3]!.tracks[0]).toMatchObject({ id: 1, hits: 4, firstSeenAt: 0, lastSeenAt: 300 });
  });

  it('never confirms false alarms that come up here and there', () => {
    const random = new Random(1);
    const tracker = new Tracker();
    for (const time of detectionTimes(random, 10, 20_000)) {
      const alarm = detect(face(random.between(0, 8000), random.between(0, 8000), 40));
      const { started, ended } = tracker.update([alarm], time);
      expect(started).toEqual([]);
      expect(ended).toEqual([]);
    }
    expect(tracker.close()).toEqual([]);
  });

  it('confirms at the first sight when asked to', () => {
    const { started } = new Tracker({ minHits: 1 }).update([detect(face(200, 200))], 0);
    expect(started.map((track) => track.state)).toEqual(['confirmed']);
  });

  it('passes on the detection that matched, and none while predicting', () => {
    const tracker = new Tracker();
    const seen = detect(face(200, 200));
    expect(tracker.update([seen], 0).tracks[0]?.detection).toBe(seen);
    expect(tracker.predict(40)[0]?.detection).toBeUndefined();
  });
});

describe('the box', () => {
  it('of a still face rests', () => {
    let before: Box | undefined;
    const steps: number[] = [];
    follow(
      () => face(300, 300),
      10,
      2,
      ({ box, state }) => {
        if (state === 'tentative') return;
        if (before) steps.push(centre(box).x - centre(before).x);
        before = box;
      },
    );
    const settled = steps.slice(25);
    const tremble = Math.sqrt(settled.reduce((sum, step) => sum + step ** 2, 0) / settled.length);
    // The detections, 2 px off, would step by 2.8 px each.
    expect(tremble).toBeLessThan(0.7);
  });

  it.each([
    ['steady', (seconds: number) => face(100 + 300 * seconds, 300)],
    ['setting off', (seconds: number) => face(100 + 200 * Math.max(0, seconds - 3), 300)],
    ['stopping', (seconds: number) => face(100 + 200 * Math.min(3, seconds), 300)],
    ['coming nearer', (seconds: number) => face(500, 300, 60 + 20 * seconds)],
    ['swaying', (seconds: number) => face(500 + 80 * Math.sin(2 * seconds), 300)],
  ])('stays on a face that is %s', (_, path) => {
    const ids = new Set<number>();
    let worst = 1;
    follow(path, 10, 3, ({ id, box, hits }, truth) => {
      ids.add(id);
      if (hits > 5) worst = Math.min(worst, iou(box, truth));
    });
    expect([...ids]).toEqual([1]);
    expect(worst).toBeGreaterThan(0.65);
  });

  it('tells the velocity', () => {
    let last: Track | undefined;
    follow(
      (seconds) => face(100 + 150 * seconds, 900 - 60 * seconds),
      10,
      4,
      (track) => (last = track),
    );
    expect(last!.velocity.x).toBeGreaterThan(130);
    expect(last!.velocity.x).toBeLessThan(170);
    expect(last!.velocity.y).toBeGreaterThan(-80);
    expect(last!.velocity.y).toBeLessThan(-40);
  });
});

describe('keeping the id', () => {
  it('of a face that moves more than its width between detections', () => {
    const tracker = new Tracker();
    for (let step = 0; step < 8; step++) {
      const { tracks } = tracker.update([detect(face(100 + 110 * step, 300))], step * 200);
      expect(tracks.map(({ id }) => id)).toEqual([1]);
    }
  });

  it('through a third of detections missed', () => {
    const random = new Random(5);
    const tracker = new Tracker();
    const ids = new Set<number>();
    for (const time of detectionTimes(random, 8, 20_000)) {
      const seen = random.between(0, 1) > 0.33 ? [noisy(face(200 + 0.05 * time, 300), random)] : [];
      for (const { id } of tracker.update(seen, time).tracks) ids.add(id);
    }
    expect([...ids]).toEqual([1]);
  });

  it('through hiding for 1.4 s, standing or walking', () => {
    for (const speed of [0, 80, 200]) {
      const random = new Random(6);
      const tracker = new Tracker();
      for (const time of detectionTimes(random, 10, 6000)) {
        const truth = face(100 + (speed * time) / 1000, 300);
        const hidden = time > 2000 && time < 3400;
        const { tracks, ended } = tracker.update(hidden ? [] : [noisy(truth, random)], time);
        expect(ended).toEqual([]);
        expect(tracks.map(({ id }) => id)).toEqual([1]);
        if (hidden) expect(tracks[0]).toMatchObject({ state: 'lost', detection: undefined });
      }
    }
  });

  it('is given up for a face that comes up elsewhere meanwhile', () => {
    const tracker = new Tracker();
    for (let time = 0; time < 500; time += 100) tracker.update([detect(face(200, 300))], time);
    const { tracks } = tracker.update([detect(face(1200, 300))], 600);
    expect(tracks.map(({ id, state }) => [id, state])).toEqual([
      [1, 'lost'],
      [2, 'tentative'],
    ]);
  });
});

describe('two people crossing', () => {
  /** The track ids of the one going right and the one going left, before and after. */
  function cross(seed: number, perSecond: number, speed: number, missed: number) {
    const random = new Random(seed);
    const tracker = new Tracker();
    const firstIds = new Map<string, number>();
    const lastIds = new Map<string, number>();
    for (const time of detectionTimes(random, perSecond, 1_000_000 / speed)) {
      const right = face(100 + (speed * time) / 1000, 300);
      const left = face(1100 - (speed * time) / 1000, 300);
      const names = new Map<Detection, string>();
      if (random.between(0, 1) >= missed) names.set(noisy(right, random), 'right');
      // The one going left passes behind.
      if (iou(left, right) < 0.3 && random.between(0, 1) >= missed) names.set(noisy(left, random), 'left');
      const seen = [...names.keys()];
      if (random.between(0, 1) < 0.5) seen.reverse();
      for (const track of confirmed(tracker.update(seen, time).tracks)) {
        const name = names.get(track.detection!)!;
        if (!firstIds.has(name)) firstIds.set(name, track.id);
        lastIds.set(name, track.id);
      }
    }
    return { firstIds, lastIds };
  }

  it.each([
    [10, 100, 0],
    [10, 200, 0.2],
    [5, 150, 0],
    [25, 300, 0.1],
  ])('keep their ids at %d detections a second, %d px/s, %d missed', (perSecond, speed, missed) => {
    for (let seed = 1; seed <= 20; seed++) {
      const { firstIds, lastIds } = cross(seed, perSecond, speed, missed);
      expect(firstIds.size, `seed ${seed}`).toBe(2);
      expect(firstIds.get('left')).not.toBe(firstIds.get('right'));
      expect(lastIds, `seed ${seed}`).toEqual(firstIds);
    }
  });
});

describe('coming and going', () => {
  it('ends a track once, when it was hidden for too long, as it was last seen', () => {
    const tracker = new Tracker();
    for (let time = 0; time <= 400; time += 100) tracker.update([detect(face(200, 300))], time);
    expect(tracker.update([], 1900).ended).toEqual([]);
    const { ended, tracks } = tracker.update([], 1901);
    expect(ended).toMatchObject([{ id: 1, state: 'lost', hits: 5, lastSeenAt: 400 }]);
    expect(iou(ended[0]!.box, face(200, 300))).toBeGreaterThan(0.95);
    expect(tracks).toEqual([]);
    expect(tracker.update([], 2000).ended).toEqual([]);
  });

  it('after a gap of 30 s ends everything and starts anew, even in the same place', () => {
    const tracker = new Tracker();
    const two = [detect(face(200, 300)), detect(face(600, 300))];
    for (let time = 0; time <= 400; time += 100) tracker.update(two, time);
    const { ended, tracks } = tracker.update(two, 30_400);
    expect(ended.map(({ id }) => id)).toEqual([1, 2]);
    expect(tracks.map(({ id, state }) => [id, state])).toEqual([
      [3, 'tentative'],
      [4, 'tentative'],
    ]);
  });

  it('no longer predicts a face that is gone, though no update said so', () => {
    const tracker = new Tracker();
    for (let time = 0; time <= 400; time += 100) tracker.update([detect(face(200, 300))], time);
    expect(tracker.predict(1900)).toHaveLength(1);
    expect(tracker.predict(1901)).toEqual([]);
    expect(tracker.update([detect(face(200, 300))], 600).tracks.map(({ id }) => id)).toEqual([1]);
  });

  it('ends confirmed tracks when closed, and only once', () => {
    const tracker = new Tracker();
    for (let time = 0; time <= 400; time += 100) tracker.update([detect(face(200, 300))], time);
    tracker.update([detect(face(200, 300)), detect(face(900, 300))], 500);
    expect(tracker.close().map(({ id }) => id)).toEqual([1]);
    expect(tracker.close()).toEqual([]);
  });

  it('takes a clock that jumps back as one that stands still', () => {
    const tracker = new Tracker();
    for (let time = 10_000; time <= 10_400; time += 100) tracker.update([detect(face(200, 300))], time);
    const { tracks } = tracker.update([detect(face(202, 300))], 5000);
    expect(tracks).toMatchObject([{ id: 1, lastSeenAt: 10_400 }]);
  });
});

describe('any scene', () => {
  const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  const anyFace = fc.record({
    x: number(-200, 800),
    y: number(-200, 600),
    width: number(0, 400),
    height: number(0, 400),
  });
  const steps = fc.array(
    fc.record({
      boxes: fc.array(anyFace, { maxLength: 6 }),
      elapsedMs: number(-100, 900),
      predictMs: number(-100, 3000),
    }),
    { maxLength: 60 },
  );

  it('gives ids that are unique, never used again and started before they end', () => {
    fc.assert(
      fc.property(steps, (scene) => {
        const tracker = new Tracker();
        const started = new Set<number>();
        const ended = new Set<number>();
        let alive = new Set<number>();
        let highest = 0;
        let time = 0;
        for (const { boxes, elapsedMs, predictMs } of scene) {
          time += elapsedMs;
          const update = tracker.update(boxes.map(detect), time);
          const ids = update.tracks.map(({ id }) => id);
          expect(new Set(ids).size).toBe(ids.length);
          for (const id of ids) if (!alive.has(id)) expect(id).toBeGreaterThan(highest);
          highest = Math.max(highest, ...ids);
          alive = new Set(ids);
          for (const { id } of update.started) {
            expect(started.has(id)).toBe(false);
            started.add(id);
          }
          for (const { id } of update.ended) {
            expect(started.has(id) && !ended.has(id) && !alive.has(id)).toBe(true);
            ended.add(id);
          }
          for (const { box } of [...update.tracks, ...tracker.predict(time + predictMs)]) {
            expect(Object.values(box).every(Number.isFinite)).toBe(true);
          }
        }
        for (const { id } of tracker.close()) ended.add(id);
        expect([...ended].sort()).toEqual([...started].sort());
      }),
      { numRuns: 200 },
    );
  });
});
