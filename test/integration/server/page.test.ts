import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  cameraOffline,
  identityRecognized,
  identityUnknown,
  trackStarted,
} from '../../../src/events/build-event.js';
import { launchBrowser, openPage } from '../../helpers/browser.js';
import { FakeCamera } from '../../helpers/fake-camera.js';
import type { Publish } from '../../helpers/record-events.js';
import { franck, known, reportOf, stranger, undecided } from '../../unit/events/track-report.js';
import type { Storage } from '../../../src/core/storage.js';
import { recordUnknown, snapshot, track } from '../storage/made-up.js';
import { startServer } from './start-server.js';

describe('the page', { tags: ['chromium'] }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  /** The page at this address, with everything that went wrong on it. */
  async function open(url: string, options: Parameters<Browser['newPage']>[0] = {}) {
    const page = await openPage(browser, { viewport: { width: 1280, height: 800 }, ...options });
    onTestFinished(() => page.close());
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(url);
    return { page, complaints };
  }

  async function publishName(publish: Publish): Promise<void> {
    await publish(identityRecognized(reportOf(known(franck))));
  }

  /** Keeps a snapshot of the track that events are about. */
  async function keepSnapshot(store: Storage, background: string): Promise<void> {
    const create = { width: 120, height: 120, channels: 3, background } as const;
    const jpeg = await sharp({ create }).jpeg().toBuffer();
    const track = { key: reportOf(stranger).trackKey, cameraId: 'door', seenAt: Date.now() };
    await store.tracks.recordKnown(track, franck.id, [], { ...snapshot(), jpeg });
  }

  /** Of the faces that have come. */
  function widthsOf(page: Page): Promise<number[]> {
    return page
      .locator('.face')
      .evaluateAll((faces: { naturalWidth: number }[]) => faces.map(({ naturalWidth }) => naturalWidth));
  }

  /** The picture on the canvas of a tile as data. */
  function pictureOf(page: Page): Promise<string> {
    return page.locator('.tile canvas').evaluate((canvas: { toDataURL(): string }) => canvas.toDataURL());
  }

  it('shows a live picture in a width that fits, and no errors', async () => {
    const { url, camera } = await startServer({ cameras: [new FakeCamera({ width: 1920, height: 1080 })] });
    onTestFinished(camera.play(10));
    const { page, complaints } = await open(url);
    await page.locator('.overlay').waitFor({ state: 'hidden' });
    const first = await pictureOf(page);
    await expect.poll(() => pictureOf(page)).not.toBe(first);
    expect(camera.watched).toEqual([{ width: 960, overlay: true }]);
    await page.locator('.figures').filter({ hasText: '10 fps · 0 faces' }).waitFor();
    expect(complaints).toEqual([]);
  });

  it('lists what happened before and what happens now, newest first, with the reason and the face', async () => {
    const { url, publish, store } = await startServer();
    await keepSnapshot(store, '#c08060');
    await publishName(publish);
    const { page, complaints } = await open(url);
    await page.getByText('Franck recognised on Front door').waitFor();
    await publish(identityUnknown(reportOf(stranger)));
    await page.getByText('Unknown person on Front door').click();
    await page.getByText('The nearest person is Franck at distance 1.30').waitFor();
    expect(await page.locator('.sentence').allTextContents()).toEqual([
      'Unknown person on Front door',
      'Franck recognised on Front door',
    ]);
    expect(await page.locator('.confidence').allTextContents()).toEqual(['93 %']);
    await expect.poll(() => widthsOf(page)).toEqual([120, 120]);
    expect(complaints).toEqual([]);
  });

  it('shows the face of an event once it is kept, and none where none is kept', async () => {
    const { url, publish, store } = await startServer();
    const { page } = await open(url);
    await page.getByText('Up to date').waitFor();
    await publishName(publish);
    const other = { ...reportOf(stranger), trackKey: 'door/run-1/8' };
    await publish(identityUnknown(other));
    await expect.poll(() => page.locator('.face').count()).toBe(2);
    await keepSnapshot(store, '#c08060');
    await expect.poll(() => widthsOf(page)).toEqual([120]);
  });

  it('lists faces that only pass by when asked to', async () => {
    const { url, publish } = await startServer();
    await publish(trackStarted(reportOf(undecided)));
    const { page } = await open(url);
    const passing = page.getByText('A face came into view on Front door');
    await page.getByText('Up to date').waitFor();
    await page.getByText('Nothing has happened yet').waitFor();
    expect(await passing.count()).toBe(0);
    await page.getByLabel('Show every face that comes and goes').check();
    await passing.waitFor({ state: 'visible' });
  });

  it('lists the newest hundred of what is shown, however many faces pass by', async () => {
    const { url, publish } = await startServer();
    await publishName(publish);
    for (let n = 0; n < 101; n++) await publish(trackStarted(reportOf(undecided)));
    const { page } = await open(url);
    const name = page.getByText('Franck recognised on Front door');
    await name.waitFor();
    await page.getByText('Up to date').waitFor();
    for (let n = 0; n < 101; n++) await publish(trackStarted(reportOf(undecided)));
    for (let n = 0; n < 101; n++) await publish(identityUnknown(reportOf(stranger)));
    await expect.poll(() => name.count()).toBe(0);
    expect(await page.locator('.sentence').count()).toBe(100);
  });

  it('tells rows that are shown already of a stranger who is named, and of a name that changes', async () => {
    const { url, publish, store } = await startServer();
    const { trackKey } = reportOf(stranger);
    const { id } = await recordUnknown(store, track(trackKey, Date.now()));
    await publish(identityUnknown(reportOf(stranger)));
    const { page } = await open(url);
    await page.getByText('Unknown person on Front door').waitFor();
    await store.tracks.name(id, 'Zoë');
    await page.getByText('Zoë, a stranger then, on Front door').waitFor();
    await store.people.rename(id, 'Ana');
    await page.getByText('Ana, a stranger then, on Front door').waitFor();
    expect(await page.locator('.sentence').count()).toBe(1);
  });

  it('writes names as text, never as markup', async () => {
    const evil = { id: 'x', name: '<img src=x onerror=alert(1)>' };
    const { url, publish } = await startServer({ people: [evil] });
    await publish(identityRecognized(reportOf(known(evil))));
    const { page } = await open(url);
    await page.getByText('<img src=x onerror=alert(1)> recognised on Front door').waitFor();
    expect(await page.locator('.event-list img:not(.face)').count()).toBe(0);
  });

  it('says when a camera goes, and why', async () => {
    const { url, publish, camera } = await startServer();
    onTestFinished(camera.play(10));
    const { page } = await open(url);
    await page.locator('.overlay').waitFor({ state: 'hidden' });
    const reason = { code: 'SOURCE_STALLED', message: 'Expected a frame within 5 s but none came.' };
    camera.set({ state: 'offline', error: reason });
    await publish(cameraOffline({ id: 'door', name: 'Front door' }, reason));
    const overlay = page.locator('.overlay');
    await overlay.getByText('Offline').waitFor();
    await overlay.getByText(reason.message).waitFor();
    await page.getByText('0 of 1 camera live').waitFor();
    await page.getByText('Front door went offline').waitFor();
  });

  it('comes back after the server was away, and catches up', async () => {
    const before = await startServer();
    const { page } = await open(before.url);
    await page.getByText('Up to date').waitFor();
    await before.server.close();
    await page.getByText('Sightline does not answer').waitFor();
    await page.getByText('Reconnecting…').waitFor();
    const after = await startServer({ port: Number(new URL(before.url).port) });
    await publishName(after.publish);
    await page.getByText('Franck recognised on Front door').waitFor();
    await page.locator('#notice').waitFor({ state: 'hidden' });
  });

  it('watches only cameras that are on the screen', async () => {
    const cameras = Array.from(
      { length: 8 },
      (_, i) => new FakeCamera({ id: `cam${i}`, name: `Camera ${i}` }),
    );
    const { url } = await startServer({ cameras });
    const { page } = await open(url, { viewport: { width: 390, height: 700 } });
    await expect.poll(() => cameras[0]?.watched.length).toBe(1);
    expect(cameras[7]?.watched).toEqual([]);
    await page.locator('.tile').last().scrollIntoViewIfNeeded();
    await expect.poll(() => [cameras[0]?.watched.length, cameras[7]?.watched.length]).toEqual([0, 1]);
  });

  it('says how to get a camera, and follows those that come and go', async () => {
    const cameras: FakeCamera[] = [];
    const { url } = await startServer({ cameras });
    const { page, complaints } = await open(url);
    await page.getByText('No camera yet').waitFor();
    await page.getByText(`curl -X POST ${url}/v1/cameras`).waitFor();
    const door = new FakeCamera();
    onTestFinished(door.play(10));
    cameras.push(door);
    await page.getByRole('heading', { name: 'Front door' }).waitFor();
    await page.locator('.overlay').waitFor({ state: 'hidden' });
    expect(await page.getByText('No camera yet').count()).toBe(0);
    expect(complaints).toEqual([]);
    cameras.pop();
    door.remove();
    await page.getByText('No camera yet').waitFor();
    expect(await page.locator('.tile').count()).toBe(0);
  });

  it('asks for the token, and works with it', async () => {
    const { url, camera } = await startServer({ token: 'correct-horse' });
    onTestFinished(camera.play(10));
    const { page } = await open(url);
    await page.getByLabel('Token').fill('correct-horse');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('.overlay').waitFor({ state: 'hidden' });
    await page.getByText('Up to date').waitFor();
    expect(page.url()).toBe(`${url}/`);
  });

  it('says what was wrong with a token, and asks anew when one is no longer right', async () => {
    const before = await startServer({ token: 'correct-horse' });
    const { page } = await open(before.url);
    await page.getByLabel('Token').fill('wrong-horse');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').filter({ hasText: 'received a wrong one' }).waitFor();
    await page.getByLabel('Token').fill('correct-horse');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Up to date').waitFor();
    await before.server.close();
    const after = await startServer({ port: Number(new URL(before.url).port), token: 'battery-staple' });
    await page.getByLabel('Token').fill('battery-staple');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Up to date').waitFor();
    expect(page.url()).toBe(`${after.url}/`);
  });
});
