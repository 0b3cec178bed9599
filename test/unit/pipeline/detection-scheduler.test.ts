import { describe, expect, it, vi, beforeEach, afterEach } from 'vitest';
import { DetectionScheduler, type DetectionTurns } from '../../../src/pipeline/detection-scheduler.js';

describe('DetectionScheduler', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  /** Plays frames every `intervalMs` to each camera for ten seconds; each detection costs `costMs`. */
  async function detections(
    turns: readonly DetectionTurns[],
    intervalMs: number,
    costMs: number,
  ): Promise<number[]> {
    const counts = turns.map(() => 0);
    for (let time = 0; time < 10_000;) {
      for (const [index, turn] of turns.entries()) {
        if (!turn.admit()) continue;
        counts[index] = (counts[index] ?? 0) + 1;
        await turn.run(() => Promise.resolve(vi.advanceTimersByTime(costMs)));
        time += costMs;
      }
      vi.advanceTimersByTime(intervalMs);
      time += intervalMs;
    }
    return counts;
  }

  it('searches every frame of one camera when the detector is fast enough', async () => {
    const scheduler = new DetectionScheduler({ share: 0.6 });
    const [count] = await detections([scheduler.join('auto')], 40, 1);
    expect(count).toBeGreaterThan(240);
  });

  it('shares the budget evenly among many cameras', async () => {
    const scheduler = new DetectionScheduler({ share: 0.5 });
    const counts = await detections(
      [1, 2, 3, 4].map(() => scheduler.join('auto')),
      5,
      20,
    );
    const total = counts.reduce((sum, count) => sum + count, 0);
    expect(total * 20).toBeGreaterThan(3500);
    expect(total * 20).toBeLessThan(5500);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(total * 0.1);
  });

  it('keeps to the rate a camera asks for', async () => {
    const scheduler = new DetectionScheduler({ share: 0.6 });
    const [count] = await detections([scheduler.join(5)], 10, 1);
    expect(count).toBeGreaterThanOrEqual(45);
    expect(count).toBeLessThanOrEqual(51);
  });

  it('gives the share of a camera that leaves to the others', async () => {
    const scheduler = new DetectionScheduler({ share: 0.5 });
    const stays = scheduler.join('auto');
    const leaves = scheduler.join('auto');
    const [shared] = await detections([stays], 5, 20);
    leaves.close();
    const [alone] = await detections([stays], 5, 20);
    expect(alone! / shared!).toBeGreaterThan(1.6);
  });

  it('lets one detection run at a time and goes on after one that failed', async () => {
    const scheduler = new DetectionScheduler({ share: 1 });
    const [first, second] = [scheduler.join('auto'), scheduler.join('auto')];
    let fail: (reason: Error) => void = () => undefined;
    const running = first.run(() => new Promise<void>((_, reject) => (fail = reject)));
    expect(second.admit()).toBe(false);
    fail(new Error('broken frame'));
    await expect(running).rejects.toThrow('broken frame');
    expect(second.admit()).toBe(true);
  });
});
