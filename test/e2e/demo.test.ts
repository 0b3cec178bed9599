import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { packageRoot } from '../../src/config/package-root.js';
import { launchBrowser, openPage } from '../helpers/browser.js';
import { EventStream, videoFrames } from '../helpers/event-stream.js';
import { ffmpegChildren } from '../helpers/processes.js';
import { RunningSightline, temporaryFolder } from '../helpers/sightline.js';

const screenshots = join(packageRoot(), 'test-results');

describe('sightline demo', () => {
  const data = temporaryFolder();
  let demo: RunningSightline;
  let url: string;
  let events: EventStream;

  beforeAll(async () => {
    // An empty PATH but for Node: the bundled ffmpeg must do.
    demo = new RunningSightline(['demo', '--port', '0', '--data', data.path], {
      PATH: join(process.execPath, '..'),
    });
    url = await demo.serving();
    events = await EventStream.open(url);
  });

  afterAll(async () => {
    events?.close();
    await demo.stop();
    data.remove();
  });

  it('names the enrolled person and calls the other unknown', async () => {
    const recognized = await events.until(({ type }) => type === 'sightline.identity.recognized');
    expect(recognized.data).toMatchObject({ camera: { id: 'front-door' }, identity: { name: 'Franck' } });
    const unknown = await events.until(({ type }) => type === 'sightline.identity.unknown');
    expect(unknown.data).toMatchObject({ camera: { id: 'garden' }, identity: null });
    expect(unknown.data).toHaveProperty('why.nearest.0.name', 'Franck');
  });

  it('never swaps them', async () => {
    // A while of both videos with turned heads, hands and grimaces; docs/benchmarks.md tells of five minutes.
    await videoFrames(url, 'front-door', 24 * 15);
    for (const { type, data } of events.events) {
      expect(type).not.toBe('sightline.identity.changed');
      if (type === 'sightline.identity.recognized') expect(data.camera.id).toBe('front-door');
      if (type === 'sightline.identity.unknown') expect(data.camera.id).toBe('garden');
    }
  });

  it.each(['front-door', 'garden'])('shows moving pictures of %s', async (camera) => {
    const frames = await videoFrames(url, camera, 12);
    const [first, last] = [frames[0] as Buffer, frames.at(-1) as Buffer];
    expect((await sharp(first).metadata()).format).toBe('jpeg');
    expect(await meanDifference(first, last)).toBeGreaterThan(0);
  });

  it('shows both cameras and the name in a browser', { tags: ['chromium'] }, async () => {
    const browser = await launchBrowser();
    onTestFinished(() => browser.close());
    const page = await openPage(browser, { viewport: { width: 1280, height: 800 } });
    await page.goto(url);
    await page
      .getByText(/Franck recognised on Front door/i)
      .first()
      .waitFor();
    const pictures = page.locator('canvas');
    expect(await pictures.count()).toBe(2);
    for (const index of [0, 1]) {
      const picture = pictures.nth(index);
      const before = await picture.screenshot();
      await expect.poll(async () => meanDifference(before, await picture.screenshot())).toBeGreaterThan(0.1);
    }
    mkdirSync(screenshots, { recursive: true });
    await page.screenshot({ path: join(screenshots, 'demo-page.png') });
  });

  it('ends on Ctrl-C of its own accord, and leaves no ffmpeg behind', async () => {
    expect(ffmpegChildren(demo.process.pid)).toHaveLength(2);
    const { code, stderr } = await demo.stop();
    // 1 is the exit code of a stop that took too long and was forced.
    expect(code, stderr).toBe(0);
    expect(ffmpegChildren(1).filter((line) => line.includes('demo-'))).toEqual([]);
  });
});

/** Mean absolute difference of two pictures of one size, 0 to 255. */
async function meanDifference(a: Buffer, b: Buffer): Promise<number> {
  const [first, second] = await Promise.all(
    [a, b].map((picture) => sharp(picture).greyscale().raw().toBuffer()),
  );
  if (first === undefined || second === undefined || first.length !== second.length) return 255;
  return first.reduce((sum, value, i) => sum + Math.abs(value - (second[i] as number)), 0) / first.length;
}
