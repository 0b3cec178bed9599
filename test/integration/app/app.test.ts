import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { App } from '../../../src/app/app.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { Recognition } from '../../../src/app/recognition.js';

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'sightline-app-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(data, { recursive: true, force: true });
});

it('closes what a start opens after the app was closed, and starts no camera', async () => {
  const open = Recognition.open.bind(Recognition);
  const closed = vi.spyOn(Recognition.prototype, 'close');
  let go: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (go = resolve));
  const opened = vi.fn();
  vi.spyOn(Recognition, 'open').mockImplementation(async (options) => {
    const recognition = await open(options);
    opened();
    await held;
    return recognition;
  });
  const commandLine = {
    data,
    server: { port: 0 },
    log: { level: 'fatal' },
    cameras: [{ url: 'nowhere.mp4' }],
  };
  const app = new App(await loadConfig({ environment: {}, commandLine }), {
    onModelProgress: () => undefined,
  });
  const started = app.start().catch(() => undefined);
  await vi.waitFor(() => expect(opened).toHaveBeenCalled(), { timeout: 25_000 });
  await app.close();
  expect(closed).not.toHaveBeenCalled();
  go();
  await started;
  expect(closed).toHaveBeenCalledOnce();
});
