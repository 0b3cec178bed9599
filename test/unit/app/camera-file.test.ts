import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CameraFile } from '../../../src/app/camera-file.js';
import { cameraSchema, type CameraStatement } from '../../../src/config/schema.js';
import { temporaryFolder } from '../../helpers/sightline.js';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const warn = vi.fn();
const door = camera({ id: 'door', url: 'rtsp://u:hunter22@192.0.2.1/' });
const garden = camera({ id: 'garden', url: 'rtsp://192.0.2.2/' });

function camera(settings: { id: string; url: string; fps?: number }): CameraStatement {
  return { ...cameraSchema.parse(settings), id: settings.id };
}

function open(...configured: CameraStatement[]): Promise<CameraFile> {
  warn.mockClear();
  return CameraFile.open(folder.path, configured, { warn });
}

describe('CameraFile', () => {
  it('has the cameras of the configuration until something changes, and writes nothing', async () => {
    expect((await open(door, garden)).list()).toEqual([door, garden]);
    expect(existsSync(join(folder.path, 'cameras.json'))).toBe(false);
  });

  it('keeps what was added, changed and removed', async () => {
    const file = await open(door, garden);
    const changed = { ...door, fps: 5 };
    const added = camera({ id: 'cam1', url: 'rtsp://192.0.2.3/' });
    await Promise.all([file.keep('door', changed), file.keep('garden', null), file.keep('cam1', added)]);
    expect(file.list()).toEqual([changed, added]);
    expect((await open(door, garden)).list()).toEqual([changed, added]);
    expect(warn).not.toHaveBeenCalled();
    expect(statSync(join(folder.path, 'cameras.json')).mode & 0o777).toBe(0o600);
    expect(existsSync(join(folder.path, 'cameras.json.new'))).toBe(false);
  });

  it('lets a configuration that was edited since win, and says so', async () => {
    const file = await open(door, garden);
    await file.keep('door', { ...door, fps: 5 });
    await file.keep('garden', null);
    const edited = { ...door, width: 640 };
    expect((await open(edited, garden)).list()).toEqual([edited]);
    expect(warn).toHaveBeenCalledOnce();
    expect(warn).toHaveBeenCalledWith({ camera: 'door' }, expect.stringContaining('configuration counts'));
    expect((await open(door, { ...garden, fps: 1 })).list()).toEqual([
      { ...door, fps: 5 },
      { ...garden, fps: 1 },
    ]);
    // A camera that left the configuration after it was removed over the API is gone either way.
    expect((await open(door)).list()).toEqual([{ ...door, fps: 5 }]);
    expect(warn).not.toHaveBeenCalled();
  });

  it('reads what was kept while `recognition` was true or false, and goes on with it', async () => {
    const path = join(folder.path, 'cameras.json');
    const kept = { ...door, recognition: true };
    const entry = { configured: kept, camera: { ...kept, recognition: false } };
    writeFileSync(path, JSON.stringify({ version: 1, cameras: { door: entry } }));
    const changed = { ...door, recognition: { enabled: false, threshold: null, falseNameRate: null } };
    expect((await open(door, garden)).list()).toEqual([changed, garden]);
    expect(warn).not.toHaveBeenCalled();
  });

  it('lets the configuration take an id that was given over the API before', async () => {
    await (await open()).keep('door', { ...door, fps: 5 });
    expect((await open(door)).list()).toEqual([door]);
    expect(warn).toHaveBeenCalledOnce();
  });

  it('knows which sources the configuration names', async () => {
    const file = await open({ ...door, detectUrl: 'rtsp://192.0.2.1/small' });
    expect(file.isConfigured('door', door.url)).toBe(true);
    expect(file.isConfigured('door', 'rtsp://192.0.2.1/small')).toBe(true);
    expect(file.isConfigured('door', garden.url)).toBe(false);
    expect(file.isConfigured('garden', door.url)).toBe(false);
  });

  it.each([
    ['no JSON', '{"version": 1, "cameras": {"door": "rtsp://u:hunter22@h/"'],
    ['another version', '{"version": 2, "cameras": {}}'],
    [
      'a wrong value',
      '{"version":1,"cameras":{"door":{"configured":null,"camera":{"id":"door","url":"rtsp://u:hunter22@h/","fps":"hunter22"}}}}',
    ],
    ['nothing', ''],
  ])('says that the file is broken with %s, without what is in it, and leaves it', async (_, text) => {
    const path = join(folder.path, 'cameras.json');
    writeFileSync(path, text);
    const error = (await open(door).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({
      code: 'SETTINGS_CORRUPT',
      message: expect.stringContaining(path) as string,
    });
    expect(error.message + String(error.cause)).not.toContain('hunter22');
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('goes on with what it had when it cannot be written', async () => {
    const gone = temporaryFolder();
    const file = await CameraFile.open(gone.path, [door], { warn });
    gone.remove();
    await expect(file.keep('garden', garden)).rejects.toMatchObject({ code: 'DATA_UNWRITABLE' });
    await expect(file.keep('door', null)).rejects.toMatchObject({ code: 'DATA_UNWRITABLE' });
    expect(file.list()).toEqual([door]);
  });
});
