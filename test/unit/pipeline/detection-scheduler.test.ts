import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DetectionScheduler, type DetectionTurns } from '../../../src/pipeline/detection-scheduler.js';
import { deferred } from './fakes.js';

const seconds = 10;

/** A camera that asks for a search with each frame. */
interface Plan {
  /** How long a search takes. */
  readonly costMs: number;
  readonly frameEveryMs: number;
  readonly rate?: number | 'auto';
  /** When frames come; all the time when left out. */
  readonly fromMs?: number;
  readonly untilMs?: number;
}

/** A camera at work, and when its searches began. */
class Played {
  readonly plan: Plan;
  readonly startedAt: number[] = [];
  readonly turns: DetectionTurns;

  constructor(plan: Plan, scheduler: DetectionScheduler) {
    this.plan = plan;
    this.turns = scheduler.join({
      rate: plan.rate ?? 'auto',
      search: () => {
        this.startedAt.push(performance.now());
        return new Promise((resolve) => setTimeout(resolve, plan.costMs));
      },
    });
    setTimeout(() => this.#show(plan.fromMs ?? 0), plan.fromMs ?? 0);
  }

  #show(at: number): void {
    this.turns.request();
    const next = at + this.plan.frameEveryMs;
    if (next < (this.plan.untilMs ?? seconds * 1000))
      setTimeout(() => this.#show(next), this.plan.frameEveryMs);
  }

  /** The time that its searches took in all. */
  get usedMs(): number {
    return this.startedAt.length * this.plan.costMs;
  }

  /** The longest time between two searches, and from its first frame to the first search. */
  get longestGapMs(): number {
    const times = [this.plan.fromMs ?? 0, ...this.startedAt];
    return Math.max(...times.slice(1).map((time, i) => time - times[i]!));
  }
}

describe('DetectionScheduler', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  async function play(plans: readonly Plan[], share = 1): Promise<Played[]> {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'], now: 0 });
    const scheduler = new DetectionScheduler({ place: 'a thread', share });
    const start = performance.now();
    const cameras = plans.map((plan) => new Played(plan, scheduler));
    await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
    for (const { startedAt } of cameras) startedAt.forEach((time, i) => (startedAt[i] = time - start));
    return cameras;
  }

  it('searches every frame of one camera when the detector is fast enough', async () => {
    const [camera] = await play([{ costMs: 10, frameEveryMs: 40 }], 0.6);
    expect(camera?.startedAt).toHaveLength((seconds * 1000) / 40);
  });

  it('gives all searches together no more than their share of the time', async () => {
    const cameras = await play(
      [1, 2, 3, 4].map(() => ({ costMs: 20, frameEveryMs: 40 })),
      0.5,
    );
    const used = cameras.reduce((sum, { usedMs }) => sum + usedMs, 0);
    expect(used / (seconds * 1000)).toBeGreaterThan(0.48);
    expect(used / (seconds * 1000)).toBeLessThan(0.505);
  });

  it('starts the next search when one ends, however unlucky the moments at which frames arrive', async () => {
    // The second camera's frames always arrive while the first is being searched.
    const [first, second] = await play([
      { costMs: 30, frameEveryMs: 50 },
      { costMs: 15, frameEveryMs: 50, fromMs: 10 },
    ]);
    expect(first!.startedAt.length).toBeGreaterThan(195);
    expect(second!.startedAt.length).toBeGreaterThan(195);
  });

  it('keeps to the rate that a camera asks for', async () => {
    const [camera] = await play([{ costMs: 1, frameEveryMs: 10, rate: 5 }]);
    expect(camera!.startedAt).toHaveLength(5 * seconds);
    expect(
      Math.min(...camera!.startedAt.slice(1).map((time, i) => time - camera!.startedAt[i]!)),
    ).toBeGreaterThanOrEqual(200);
  });

  it('gives cameras that all need more time than there is equal parts of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            costMs: fc.integer({ min: 20, max: 50 }),
            frameEveryMs: fc.integer({ min: 5, max: 15 }),
          }),
          {
            minLength: 2,
            maxLength: 8,
          },
        ),
        async (plans) => {
          const cameras = await play(plans);
          const fair = (seconds * 1000) / plans.length;
          for (const { usedMs } of cameras) expect(Math.abs(usedMs - fair)).toBeLessThan(0.15 * fair);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('never has a camera wait longer than half a second and one search of each other camera', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            costMs: fc.integer({ min: 1, max: 900 }),
            frameEveryMs: fc.integer({ min: 20, max: 200 }),
            rate: fc.constantFrom<(number | 'auto')[]>('auto', 2, 10),
            fromMs: fc.integer({ min: 0, max: 5000 }),
          }),
          { minLength: 1, maxLength: 8 },
        ),
        async (plans) => {
          for (const camera of await play(plans)) {
            const { frameEveryMs, rate, costMs } = camera.plan;
            const round = plans.reduce((sum, plan) => sum + plan.costMs, 0);
            const longest = Math.max(...plans.map((plan) => plan.costMs));
            const own = Math.max(costMs, typeof rate === 'number' ? 1000 / rate : 0);
            expect(camera.longestGapMs).toBeLessThanOrEqual(500 + own + frameEveryMs + round + longest + 20);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('gives a camera that comes late its share from then on, and no more', async () => {
    const half = (seconds * 1000) / 2;
    const [early, late] = await play([
      { costMs: 20, frameEveryMs: 10 },
      { costMs: 20, frameEveryMs: 10, fromMs: half },
    ]);
    const earlyThen = early!.startedAt.filter((time) => time >= half).length;
    expect(Math.abs(earlyThen - late!.startedAt.length)).toBeLessThanOrEqual(2);
    expect(late!.longestGapMs).toBeLessThan(100);
  });

  it('gives the time of a camera that stops asking, or leaves, to the others', async () => {
    const half = (seconds * 1000) / 2;
    const [stays] = await play([
      { costMs: 20, frameEveryMs: 10 },
      { costMs: 20, frameEveryMs: 10, untilMs: half },
    ]);
    const before = stays!.startedAt.filter((time) => time < half).length;
    const after = stays!.startedAt.length - before;
    expect(after / before).toBeGreaterThan(1.9);
  });

  it('runs one search at a time, none of a camera that has left, and says what they share', async () => {
    const scheduler = new DetectionScheduler({ place: 'a thread', share: 1 });
    const search = deferred<void>();
    const ran: string[] = [];
    const join = (name: string, result: Promise<void>): DetectionTurns =>
      scheduler.join({ rate: 'auto', search: () => (ran.push(name), result) });
    const [first, second, third] = [
      join('first', search.promise),
      join('second', Promise.resolve()),
      join('third', Promise.resolve()),
    ];
    for (const turns of [first, second, third]) turns.request();
    expect(ran).toEqual(['first']);
    expect(first.load()).toMatchObject({ place: 'a thread', cameras: 3, searchMs: 0 });
    second.close();
    second.request();
    await vi.advanceTimersByTimeAsync(50);
    search.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(ran).toEqual(['first', 'third']);
    expect(first.load()).toMatchObject({ cameras: 2, searchMs: 50, fastestMs: 50 });
  });
});
