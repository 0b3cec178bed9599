import { chmod, stat } from 'node:fs/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { VideoFolder } from '../../helpers/video.js';

const folder = new VideoFolder();
const path = process.env['PATH'];

/** A fresh copy of the module, which has not looked for ffmpeg yet. */
async function freshModule() {
  vi.resetModules();
  return import('../../../src/ingest/ffmpeg-binary.js');
}

/** Puts something in place of the npm package. */
function replaceBundled(load: () => { path: string }): void {
  vi.doMock('node:module', () => ({ createRequire: () => load }));
}

beforeEach(() => {
  process.env['PATH'] = folder.path;
});
afterEach(() => {
  process.env['PATH'] = path;
  vi.doUnmock('node:module');
});
afterAll(() => folder.remove());

async function fakeFfmpeg(name: string, mode: number): Promise<string> {
  const file = await folder.write(name, '#!/bin/sh\necho "ffmpeg version 6.1 Copyright (c) 2000-2023"\n');
  await chmod(file, mode);
  return file;
}

describe('findFfmpeg', () => {
  it('falls back on the bundled ffmpeg, which runs', async () => {
    const found = await (await freshModule()).findFfmpeg();
    expect(found.origin).toBe('bundled');
    expect(found.version).not.toBe('unknown');
  });

  it('prefers the one on PATH, and looks once', async () => {
    const file = await fakeFfmpeg('ffmpeg', 0o755);
    const { findFfmpeg } = await freshModule();
    const found = await findFfmpeg();
    expect(found).toEqual({ path: file, origin: 'path', version: '6.1', release: { major: 6, minor: 1 } });
    await chmod(file, 0o644);
    expect(await findFfmpeg()).toBe(found);
  });

  it('makes the bundled one executable where its install script was skipped', async () => {
    const file = await fakeFfmpeg('bundled', 0o644);
    replaceBundled(() => ({ path: file }));
    expect(await (await freshModule()).findFfmpeg()).toHaveProperty('path', file);
    expect((await stat(file)).mode & 0o111).not.toBe(0);
  });

  it('says FFMPEG_MISSING where there is none, and looks again next time', async () => {
    let installed = false;
    const file = await fakeFfmpeg('late', 0o755);
    replaceBundled(() => {
      if (installed) return { path: file };
      throw new Error('Unsupported platform');
    });
    const { findFfmpeg } = await freshModule();
    await expect(findFfmpeg()).rejects.toMatchObject({
      code: 'FFMPEG_MISSING',
      message: expect.stringContaining('platform') as string,
    });
    installed = true;
    expect(await findFfmpeg()).toHaveProperty('path', file);
  });
});
