import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { CameraStatus } from '../../src/pipeline/camera.js';
import { EventStream } from '../helpers/event-stream.js';
import { RunningSightline, temporaryFolder } from '../helpers/sightline.js';
import { VideoFolder } from '../helpers/video.js';

const ids = Array.from({ length: 8 }, (_, i) => `cam${i + 1}`);

describe('eight cameras', () => {
  const folder = temporaryFolder();
  const videos = new VideoFolder();

  afterAll(() => {
    folder.remove();
    videos.remove();
  });

  async function watch(name: string, url: string, detector: object): Promise<[RunningSightline, string]> {
    const file = join(folder.path, `${name}.yaml`);
    // Cameras that start slowly must not be restarted here: this is about those that are online.
    const cameras = ids.map((id) => ({ id, url, loop: true, stallTimeoutMs: 600_000 }));
    writeFileSync(file, JSON.stringify({ detector, cameras }));
    const data = join(folder.path, name);
    const program = new RunningSightline(['run', '--config', file, '--port', '0', '--data', data]);
    return [program, await program.serving()];
  }

  async function statuses(url: string): Promise<CameraStatus[]> {
    const response = await fetch(`${url}/v1/cameras`);
    return ((await response.json()) as { cameras: CameraStatus[] }).cameras;
  }

  it('are all overloaded where a search takes longer than their share of a second, and say why', async () => {
    const clip = await videos.clip({ width: 1920, height: 1080, fps: 5, name: 'large.mp4' });
    const [program, url] = await watch('haar', clip, { kind: 'haar' });
    const events = await EventStream.open(url);
    for (const id of ids) {
      const { data } = await events.until(
        ({ type, source }) => type === 'sightline.camera.overloaded' && source === `/cameras/${id}`,
      );
      expect(data).toMatchObject({
        reason: { code: expect.stringMatching(/^(FRAMES|SEARCHES)_/) as string },
      });
    }
    const overloaded = (await statuses(url)).filter((camera) => camera.overloaded !== null);
    expect(overloaded).toHaveLength(8);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'sightline_camera_overloaded{camera="cam8"} 1',
    );
    expect(program.stderr).toContain('The camera is overloaded');
    events.close();
    await program.stop();
  });

  it('are each searched at least once a second, or overloaded', async () => {
    const clip = await videos.clip({ width: 640, height: 360, fps: 10, name: 'small.mp4' });
    const [program, url] = await watch('mtcnn', clip, { kind: 'mtcnn', minFaceSize: 40 });
    // The figures are averages over five seconds, and whoever lacks searches for five seconds is overloaded.
    const isSettled = ({ state, since }: CameraStatus): boolean =>
      state === 'online' && Date.now() - new Date(since).getTime() > 15_000;
    let cameras = await statuses(url);
    while (cameras.length < 8 || !cameras.every(isSettled)) {
      await delay(500);
      cameras = await statuses(url);
    }
    // One search may fall between two checks, which are a second apart.
    const starved = cameras.filter(
      (camera) => camera.overloaded === null && camera.detectionsPerSecond < 0.75,
    );
    expect(starved).toEqual([]);
    await program.stop();
  });
});
