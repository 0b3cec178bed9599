import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { App } from '../../../src/app/app.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { Recognition } from '../../../src/app/recognition.js';
import { patienceMs } from '../../helpers/patience.js';

const eventually = (check: () => unknown) => vi.waitFor(check, patienceMs);

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
  await eventually(() => expect(opened).toHaveBeenCalled());
  await app.close();
  expect(closed).not.toHaveBeenCalled();
  go();
  await started;
  expect(closed).toHaveBeenCalledOnce();
});

it('says that it is not ready while events cannot be stored, and stores them when they can', async () => {
  const commandLine = {
    data,
    server: { port: 0 },
    log: { level: 'fatal' },
    cameras: [{ id: 'door', url: 'test:' }],
  };
  const app = new App(await loadConfig({ environment: {}, commandLine }), {
    onModelProgress: () => undefined,
  });
  onTestFinished(() => app.close());
  const { url } = await app.start();
  const ask = async (path: string) => JSON.stringify(await (await fetch(url + path)).json());
  await eventually(async () => expect(await ask('/v1/events')).toContain('sightline.camera.online'));
  expect(JSON.parse(await ask('/readyz'))).toEqual({
    ready: true,
    reasons: [],
    cameras: { total: 1, online: 1 },
    embeddingAgain: null,
  });

  const database = new Database(join(data, 'gallery.db'));
  onTestFinished(() => void database.close());
  database.exec('ALTER TABLE events RENAME TO gone');
  expect((await fetch(`${url}/v1/cameras/door`, { method: 'DELETE' })).status).toBe(204);
  await eventually(async () =>
    expect(await ask('/readyz')).toMatch(/events cannot be stored: [1-9]\d* are waiting, 0 were given up/),
  );
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^sightline_events_waiting [1-9]/m);

  database.exec('ALTER TABLE gone RENAME TO events');
  await eventually(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200));
  expect(await ask('/v1/events?type=sightline.camera.offline')).toContain('CAMERA_REMOVED');
});
