import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { sharedData } from '../helpers/prerequisites.js';
import { sightline, temporaryFolder } from '../helpers/sightline.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

async function doctor(camera: string): Promise<string> {
  const { stdout } = await sightline(['doctor', '--data', join(folder.path, 'data'), '--port', '0', camera]);
  return stdout;
}

describe('sightline doctor CAMERA', () => {
  it('says what a snapshot address sends', async () => {
    const picture = sharp({ create: { width: 320, height: 240, channels: 3, background: 'teal' } });
    const jpeg = await picture.jpeg().toBuffer();
    const server = createServer((_, response) => response.setHeader('content-type', 'image/jpeg').end(jpeg));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/snapshot.jpg`;
    expect(await doctor(url)).toMatch(
      /✓ camera cam1 .*: 320×240, MJPEG, [\d.]+ pictures a second, no face in the \d+ that were searched/,
    );
  });

  it(
    'says what a film sends, how large its faces are, and that it is upside down',
    { tags: ['cases'] },
    async () => {
      const said = await doctor(join(sharedData, 'cases', 'upsidedown.mp4'));
      expect(said).toMatch(
        /360×288, H\.264, .*faces in \d+ of the \d+ that were searched, \d+ to \d+ pixels wide/,
      );
      expect(said).toContain('turned by 180° clockwise. Set `rotate`');
    },
  );
});
