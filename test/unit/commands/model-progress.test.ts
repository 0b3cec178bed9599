import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { downloadDisplay, progressDisplay } from '../../../src/commands/model-progress.js';

const { isTTY } = process.stderr;
let written: string[];

beforeEach(() => {
  written = [];
  process.stderr.isTTY = false;
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
  process.stderr.isTTY = isTTY;
});

describe('the display of a download that is not on a terminal', () => {
  it('writes a line for every tenth', () => {
    const { update } = downloadDisplay();
    for (let received = 0; received <= 30e6; received += 500_000) update(received, 30e6);
    expect(written).toHaveLength(10);
    expect([written[0], written[9]]).toEqual(['3.0 of 30.0 MB\n', '30.0 of 30.0 MB\n']);
  });

  it('is silent about a length that the server does not tell', () => {
    const { update } = downloadDisplay();
    update(5e6, null);
    expect(written).toEqual([]);
  });
});

describe('the display of steps', () => {
  it('says within five seconds what it waits for, once, and not after the end', () => {
    vi.useFakeTimers();
    try {
      const { update, stop } = progressDisplay();
      update({ step: 'download', subject: 'a@1', done: 0, total: 2 });
      vi.advanceTimersByTime(4999);
      expect(written).toEqual([
        '0/2 download a@1\n',
        expect.stringContaining('waiting for npm to download a@1'),
      ]);
      update({ step: 'ready', subject: 'a', done: 1, total: 2 });
      update({ step: 'download', subject: 'b@1', done: 1, total: 2 });
      stop();
      vi.advanceTimersByTime(60_000);
      expect(written).toHaveLength(4);
    } finally {
      vi.useRealTimers();
    }
  });
});
