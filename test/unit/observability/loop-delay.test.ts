import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LoopDelay } from '../../../src/observability/loop-delay.js';

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('LoopDelay', () => {
  it('sees a blocked loop, once', async () => {
    const delay = new LoopDelay();
    await wait(50);
    block(200);
    await wait(30);
    // The sampling timer was due at most its interval after the block began.
    expect(delay.read().maxMs).toBeGreaterThan(150);
    delay.stop();
    expect(delay.read()).toEqual({ p50Ms: 0, p99Ms: 0, maxMs: 0 });
  });
});
