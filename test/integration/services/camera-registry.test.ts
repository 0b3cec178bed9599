import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CameraRegistry } from '../../../src/services/camera-registry.js';
import { cameraSchema, type CameraStatement } from '../../../src/config/schema.js';
import { SightlineError } from '../../../src/core/errors.js';
import type { Storage } from '../../../src/core/storage.js';
import { openStorage } from '../../../src/storage/open-storage.js';
import { temporaryFolder } from '../../helpers/sightline.js';

let folder: ReturnType<typeof temporaryFolder>;
let storage: Storage;
beforeEach(async () => {
  folder = temporaryFolder();
  storage = await openStorage({ data: folder.path });
});
afterEach(async () => {
  await storage.close();
  folder.remove();
});

const warn = vi.fn();
const door = camera({ id: 'door', url: 'rtsp://u:hunter22@192.0.2.1/' });
const garden = camera({ id: 'garden', url: 'rtsp://192.0.2.2/' });

function camera(settings: { id: string; url: string; fps?: number }): CameraStatement {
  return { ...cameraSchema.parse(settings), id: settings.id };
}

function open(...configured: CameraStatement[]): Promise<CameraRegistry> {
  warn.mockClear();
  return CameraRegistry.open(storage.cameras, configured, { warn });
}

describe('CameraRegistry', () => {
  it('has the cameras of the configuration until something changes, and writes nothing', async () => {
    expect((await open(door, garden)).list()).toEqual([door, garden]);
    expect(await storage.cameras.list()).toEqual([]);
  });

  it('keeps what was added, changed and removed', async () => {
    const file = await open(door, garden);
    const changed = { ...door, fps: 5 };
    const added = camera({ id: 'cam1', url: 'rtsp://192.0.2.3/' });
    await Promise.all([file.keep('door', changed), file.keep('garden', null), file.keep('cam1', added)]);
    expect(file.list()).toEqual([changed, added]);
    expect((await open(door, garden)).list()).toEqual([changed, added]);
    expect(warn).not.toHaveBeenCalled();
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
    const kept = { ...door, recognition: true };
    const entry = { configured: kept, camera: { ...kept, recognition: false } };
    await storage.cameras.save({ id: 'door', entry });
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

  it('forgets a change that the configuration says too', async () => {
    const file = await open(door);
    await file.keep('door', { ...door, fps: 5 });
    await file.keep('door', door);
    expect(await storage.cameras.list()).toEqual([]);
  });

  it.each([
    ['a wrong value', { configured: null, camera: { ...door, fps: 'hunter22' } }],
    ['nothing', null],
  ])('says that an entry is broken with %s, without what is in it', async (_, entry) => {
    await storage.cameras.save({ id: 'door', entry });
    const error = (await open(door).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({
      code: 'SETTINGS_CORRUPT',
      message: expect.stringContaining('cameras.door') as string,
    });
    expect(error.message + String(error.cause)).not.toContain('hunter22');
  });

  it('goes on with what it had when it cannot be written', async () => {
    const file = await open(door);
    const refuse = () => Promise.reject(new SightlineError('DISK_FULL', 'Expected room on the disk.'));
    vi.spyOn(storage.cameras, 'save').mockImplementation(refuse);
    await expect(file.keep('garden', garden)).rejects.toMatchObject({ code: 'DISK_FULL' });
    await expect(file.keep('door', null)).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(file.list()).toEqual([door]);
  });
});
