import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { activityOf, StallWatch, type Activity } from '../../../src/ingest/stall-watch.js';
import { patienceMs } from '../../helpers/patience.js';

const limitMs = 10_000;
const idle: Activity = { isBusy: false, usedMs: 0 };

describe('StallWatch', () => {
  let activity: Activity | undefined;
  let stalls: number;
  let watch: StallWatch;

  beforeEach(() => {
    vi.useFakeTimers();
    [activity, stalls] = [idle, 0];
    watch = new StallWatch({ limitMs, activity: () => activity, onStall: () => stalls++ });
  });
  afterEach(() => {
    watch.close();
    vi.useRealTimers();
  });

  it.each([
    ['waits for its source', idle],
    ['cannot be looked at', undefined],
  ])('finds a process stalled that %s for as long as the limit', (_, seen) => {
    activity = seen;
    vi.advanceTimersByTime(limitMs - 1);
    expect(stalls).toBe(0);
    vi.advanceTimersByTime(10 * limitMs);
    expect(stalls).toBe(1);
  });

  it('begins anew with each picture', () => {
    for (let i = 0; i < 10; i++) {
      vi.advanceTimersByTime(limitMs * 0.9);
      watch.feed();
    }
    expect(stalls).toBe(0);
    vi.advanceTimersByTime(limitMs * 1.1);
    expect(stalls).toBe(1);
  });

  it('has patience with a process that is not given the processor, but not with its source', () => {
    // Half a second of processor time in ten seconds.
    for (let i = 0; i < 50; i++) {
      activity = { isBusy: true, usedMs: i * 50 };
      vi.advanceTimersByTime(1000);
    }
    expect(stalls).toBe(0);
    activity = { isBusy: false, usedMs: 2500 };
    vi.advanceTimersByTime(limitMs);
    expect(stalls).toBe(1);
  });

  it('gives up a process that computes and computes', () => {
    for (let i = 0; i < 40; i++) {
      activity = { isBusy: true, usedMs: 5000 + i * 1000 };
      vi.advanceTimersByTime(1000);
    }
    expect(stalls).toBe(1);
  });
});

describe.runIf(process.platform === 'linux')('activityOf', () => {
  it('tells one that computes from one that waits, and knows nothing of one that has ended', async () => {
    const script = `process.stdin.on('data', () => { for (;;); }); console.log('waiting');`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const pid = child.pid as number;
    await once(child.stdout, 'data');
    await vi.waitUntil(() => activityOf(pid)?.isBusy === false, patienceMs);
    const usedMs = activityOf(pid)?.usedMs ?? Infinity;
    child.stdin.write('go');
    await vi.waitUntil(
      () => activityOf(pid)?.isBusy === true && (activityOf(pid)?.usedMs ?? 0) > usedMs,
      patienceMs,
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(activityOf(pid)).toBeUndefined();
  });
});
