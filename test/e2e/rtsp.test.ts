import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultCacheDir, ModelStore } from '../../src/models/model-store.js';
import { EventStream, videoFrames } from '../helpers/event-stream.js';
import { RtspTestServer } from '../helpers/rtsp-server.js';
import { RunningSightline, sightline, temporaryFolder } from '../helpers/sightline.js';

describe('a camera behind a real RTSP server', () => {
  const data = temporaryFolder();
  const credentials = { user: 'watcher', password: 'p4ss-wörd' };
  let camera: RtspTestServer;
  let program: RunningSightline;
  let url: string;
  let events: EventStream;

  beforeAll(async () => {
    const models = new ModelStore({ cacheDir: defaultCacheDir() });
    const photos = await models.ensure(['demo-franck-01829', 'demo-franck-02888']);
    for (const photo of photos.values()) {
      await sightline(['enroll', photo, '--name', 'Франк Дюбуа', '--data', data.path]);
    }
    camera = await RtspTestServer.open({ file: await models.ensure('demo-franck'), credentials });
    program = new RunningSightline(['run', camera.url, '--port', '0', '--data', data.path]);
    url = await program.serving();
    events = await EventStream.open(url);
  });

  afterAll(async () => {
    events?.close();
    await program.stop();
    await camera.close();
    data.remove();
  });

  it('is online, and its person is recognised with an explained event', async () => {
    await events.until(({ type }) => type === 'sightline.camera.online');
    const event = await events.until(({ type }) => type === 'sightline.identity.recognized');
    expect(event).toMatchObject({
      specversion: '1.0',
      source: '/cameras/cam1',
      datacontenttype: 'application/json',
    });
    expect(event.data).toMatchObject({
      camera: { id: 'cam1' },
      identity: { name: 'Франк Дюбуа' },
      frame: { width: 360, height: 288 },
    });
    const { distance, threshold, confidence } = event.data as {
      distance: number;
      threshold: number;
      confidence: number;
    };
    expect(distance).toBeLessThan(threshold);
    expect(confidence).toBeGreaterThan(0.9);
  });

  it('shows annotated frames that move', async () => {
    const [annotated, plain] = await Promise.all([
      videoFrames(url, 'cam1', 25),
      videoFrames(url, 'cam1', 25, false),
    ]);
    expect(await sharp(annotated[0]).metadata()).toMatchObject({ format: 'jpeg', width: 360, height: 288 });
    expect(new Set(annotated.map((frame) => frame.toString('base64'))).size).toBeGreaterThan(20);
    // The box of a known face is blue and opaque; the plain picture has no such pixels at the same moment.
    expect(await boxPixels(annotated.at(-1))).toBeGreaterThan(200);
    expect(await boxPixels(plain.at(-1))).toBeLessThan(50);
  });

  it('comes back by itself after ten seconds without power, and keeps its password to itself', async () => {
    await camera.stop();
    const offline = await events.until(({ type }) => type === 'sightline.camera.offline');
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    await camera.start();
    await events.until(({ id, type }) => type === 'sightline.camera.online' && id > offline.id);
    await events.until(({ id, type }) => type === 'sightline.identity.recognized' && id > offline.id);
    const everything = [
      program.stdout,
      program.stderr,
      JSON.stringify(events.events),
      await text('/v1/cameras'),
      await text('/metrics'),
    ];
    for (const output of everything) expect(output).not.toMatch(/p4ss|w%C3%B6rd|watcher/);
    // Ten seconds without power, a pause of up to ten more, and the way to a name: the limit only ends a hang.
  });

  async function text(path: string): Promise<string> {
    return (await fetch(url + path)).text();
  }
});

/** Pixels of the colour in which known faces are framed. */
async function boxPixels(jpeg: Buffer | undefined): Promise<number> {
  const pixels = await sharp(jpeg).raw().toBuffer();
  let count = 0;
  for (let i = 0; i < pixels.length; i += 3) {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(i, i + 3);
    if (Math.abs(red - 86) < 40 && Math.abs(green - 180) < 40 && Math.abs(blue - 233) < 40) count++;
  }
  return count;
}
