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

describe(
  'cameras mounted sideways, upside down, and with pixels that are not square',
  { tags: ['cases'] },
  () => {
    const folder = temporaryFolder();
    const data = join(folder.path, 'data');
    afterAll(() => folder.remove());

    beforeAll(async () => {
      const photos = await assetPaths(franck);
      for (const photo of photos) {
        const enrolled = await sightline(['enroll', photo, '--name', 'Franck', '--data', data]);
        expect(enrolled).toMatchObject({ code: 0 });
      }
    });

    it.each(clips)('names him in $file', async ({ file, options, size: [width, height] }) => {
      const config = join(folder.path, 'config.yaml');
      const url = join(sharedData, 'cases', file);
      writeFileSync(config, JSON.stringify({ cameras: [{ id: 'cam', url, loop: true, ...options }] }));
      const startedAt = new Date();
      const program = new RunningSightline(['run', '--config', config, '--port', '0', '--data', data]);
      const address = await program.serving();
      const events = await EventStream.open(address, startedAt);
      const event = await events.until(({ type }) => type === 'sightline.identity.recognized');
      expect(event.data as FaceEventData).toMatchObject({
        identity: { name: 'Franck' },
        frame: { width, height },
      });
      const status = (await (await fetch(`${address}/v1/cameras/cam`)).json()) as CameraStatus;
      expect(status).toMatchObject({ width, height });
      events.close();
      expect(await program.stop()).toMatchObject({ code: 0 });
    });
  },
);
