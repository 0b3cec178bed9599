import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ViewDemand, ViewValve } from '../../../src/ingest/view-valve.js';

describe('ViewValve', () => {
  let demand: ViewDemand;
  let stream: Readable;
  let valve: ViewValve;

  beforeEach(() => {
    vi.useFakeTimers();
    demand = new ViewDemand();
    stream = new Readable({ read: () => undefined }).on('data', () => undefined);
    valve = new ViewValve(stream, demand);
  });
  afterEach(() => {
    valve.open();
    vi.useRealTimers();
  });

  /** Pictures for analysis come for so long. */
  function feedFor(ms: number): void {
    for (let passed = 0; passed < ms; passed += 100) {
      vi.advanceTimersByTime(100);
      valve.feed();
    }
  }

  it('reads while somebody watches', () => {
    expect(stream.isPaused()).toBe(true);
    feedFor(2000);
    expect(stream.isPaused()).toBe(true);
    demand.set(true);
    feedFor(2000);
    expect(stream.isPaused()).toBe(false);
    demand.set(false);
    expect(stream.isPaused()).toBe(true);
  });

  it('reads at once from an ffmpeg that begins while somebody watches', () => {
    demand.set(true);
    const next = new Readable({ read: () => undefined }).on('data', () => undefined);
    const nextValve = new ViewValve(next, demand);
    expect(next.isPaused()).toBe(false);
    nextValve.open();
  });

  it('reads while nothing else comes, so that ffmpeg can end', () => {
    feedFor(1000);
    vi.advanceTimersByTime(500);
    expect(stream.isPaused()).toBe(false);
    valve.feed();
    expect(stream.isPaused()).toBe(true);
    vi.advanceTimersByTime(500);
    expect(stream.isPaused()).toBe(false);
  });

  it('stays open once it was opened', () => {
    valve.open();
    demand.set(true);
    demand.set(false);
    expect(stream.isPaused()).toBe(false);
  });
});
