import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaceEventData } from '../../src/events/identity-event.js';
import type { CameraStatus } from '../../src/pipeline/camera.js';
import { EventStream } from '../helpers/event-stream.js';
import { assetPaths, franck } from '../helpers/photos.js';
import { sharedData } from '../helpers/prerequisites.js';
import { RunningSightline, sightline, temporaryFolder } from '../helpers/sightline.js';

/** Clips of one man, who is enrolled; how each camera was mounted, and the size of the upright picture. */
const clips = [
  { file: 'corridor-rot.mp4', options: { rotate: 270 }, size: [360, 288] },
  { file: 'upsidedown.mp4', options: { rotate: 180 }, size: [360, 288] },
  { file: 'sar-352x576.mp4', options: {}, size: [768, 576] },
] as const;

describe('cameras mounted sideways or upside down, or without square pixels', { tags: ['cases'] }, () => {
  const folder = temporaryFolder();
  const data = join(folder.path, 'data');
  afterAll(() => folder.remove());

  beforeAll(async () => {
    for (const photo of await assetPaths(franck)) {
      const enrolled = await sightline(['enroll', photo, '--name', 'Franck', '--data', data]);
      expect(enrolled).toMatchObject({ code: 0 });
    }
  });

  async function start(camera: object) {
    const config = join(folder.path, 'config.yaml');
    writeFileSync(config, JSON.stringify({ cameras: [{ id: 'cam', loop: true, ...camera }] }));
    const startedAt = new Date();
    const program = new RunningSightline(['run', '--config', config, '--port', '0', '--data', data]);
    const address = await program.serving();
    const status = async () => (await (await fetch(`${address}/v1/cameras/cam`)).json()) as CameraStatus;
    return { program, status, events: await EventStream.open(address, startedAt) };
  }

  it.each(clips)('names him in $file', async ({ file, options, size: [width, height] }) => {
    const { program, status, events } = await start({ url: join(sharedData, 'cases', file), ...options });
    const event = await events.until(({ type }) => type === 'sightline.identity.recognized');
    expect(event.data as FaceEventData).toMatchObject({
      identity: { name: 'Franck' },
      frame: { width, height },
    });
    expect(await status()).toMatchObject({ width, height, hints: [] });
    events.close();
    expect(await program.stop()).toMatchObject({ code: 0 });
    const lines = program.stderr.split('\n').filter((line) => line.includes('"level":"info"'));
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toEqual(
      expect.arrayContaining(['Sightline starts', 'The camera is online', 'Franck is recognised']),
    );
  });

  it('says how to turn the picture of a camera that was not set up for it', async () => {
    const { program, status, events } = await start({ url: join(sharedData, 'cases', 'upsidedown.mp4') });
    await expect
      .poll(async () => (await status()).hints)
      .toMatchObject([{ code: 'PICTURE_TURNED', message: expect.stringContaining('by 180°') as string }]);
    await program.logged('The camera could be set up better');
    events.close();
    expect(await program.stop()).toMatchObject({ code: 0 });
  });
});
