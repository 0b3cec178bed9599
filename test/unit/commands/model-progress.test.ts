import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { downloadDisplay } from '../../../src/commands/model-progress.js';

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
