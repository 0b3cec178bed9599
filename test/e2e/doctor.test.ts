import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { sharedData } from '../helpers/prerequisites.js';
import { RunningSightline, sightline, startSightline, temporaryFolder } from '../helpers/sightline.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

async function doctor(camera: string): Promise<string> {
  const { stdout } = await sightline(['doctor', '--data', join(folder.path, 'data'), '--port', '0', camera]);
  return stdout;
}

/** A PATH with nothing, so that the bundled ffmpeg must do. */
const bare = { PATH: folder.path };
/** Nothing listens there. */
const unreachable = ['http://127.0.0.1:9/front.mjpg', 'http://127.0.0.1:9/back.mjpg'];

describe('the bundled ffmpeg', () => {
  const own = ['--data', join(folder.path, 'other-data'), '--port', '0'];

  it('is not in order for cameras on the network', async () => {
    const { code, stdout } = await startSightline(['doctor', ...own, ...unreachable], bare);
    expect(stdout).toMatch(
      /✗ ffmpeg: FFMPEG_TOO_OLD: Expected ffmpeg 4\.3 or newer .*the bundled one, of 2018 \(.*\)\. Install .*\n {2}Install a current ffmpeg/,
    );
    expect(code).toBe(1);
  });

  it('is in order for others', async () => {
    const { stdout } = await startSightline(['doctor', ...own, 'test:320x240@5'], bare);
    expect(stdout).toMatch(/✓ ffmpeg: .* \(bundled; none on PATH\)\n/);
  });

  it('is warned of once, however many cameras on the network there are', async () => {
    const running = new RunningSightline(['run', ...own, ...unreachable], bare);
    for (const camera of ['cam1', 'cam2']) await running.logged(`"camera":"${camera}","code":"SOURCE_`);
    const { stderr } = await running.stop();
    const warnings = stderr.split('\n').filter((line) => line.includes('FFMPEG_TOO_OLD'));
    expect(warnings.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        msg: 'Cameras on the network need another ffmpeg',
        reason: expect.stringContaining('Install ') as string,
      }),
    ]);
  });
});

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
