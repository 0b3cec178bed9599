import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RefusedError } from '../../../packages/client/src/index.js';
import { packageRoot } from '../../../src/config/package-root.js';
import { cameraOffline, cameraOnline } from '../../../src/events/build-event.js';
import { firstEventId } from '../../../src/events/event-id.js';
import type { SightlineEvent } from '../../../src/events/identity-event.js';
import { launchBrowser, openPage } from '../../helpers/browser.js';
import { connect, watch } from '../../helpers/connect.js';
import { FakeCamera } from '../../helpers/fake-camera.js';
import { recordEvents } from '../../helpers/record-events.js';
import { galleryFile } from '../storage/made-up.js';
import { Client, openPublisher, startServer, until } from './start-server.js';
import { endWithTestFile } from '../../helpers/running-programs.js';

const door = { id: 'door', name: 'Front door' };
const file = galleryFile();

/** A run of the program as far as events go, with the file that all runs of a test share. */
async function startRun(options: { port?: number; now?: () => number } = {}) {
  return startServer({ ...options, store: await file.open() });
}

/** Reads until `count` events have come, then ends. */
async function take(events: AsyncIterable<SightlineEvent>, count: number): Promise<SightlineEvent[]> {
  const taken: SightlineEvent[] = [];
  for await (const event of events) if (taken.push(event) >= count) break;
  return taken;
}

/** A way to a server that can be cut at any moment, without a goodbye. */
async function startProxy(target: string) {
  const { port, hostname } = new URL(target);
  const open = new Set<Socket>();
  const proxy = createTcpServer((near) => {
    const far = connectTcp(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const cut = (): void => open.forEach((socket) => socket.resetAndDestroy());
  onTestFinished(() => {
    cut();
    proxy.close();
  });
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return { url: `http://127.0.0.1:${address.port}`, cut };
}

describe('the client', () => {
  it('gets every event once and in order through a storm of cuts', async () => {
    const { url, publish } = await startRun();
    await publish(cameraOnline(door));
    const proxy = await startProxy(url);
    let bursts = 0;
    let links = 0;
    const streams = Array.from({ length: 4 }, () =>
      connect({ url: proxy.url, onLink: (isUp) => (links += isUp ? 1 : 0) }),
    );
    const count = 600;
    const received = streams.map((stream) => take(stream, count));
    await until(() => links === streams.length);
    const published: Promise<SightlineEvent>[] = [];
    while (published.length < count) {
      const burst = Math.min(count - published.length, Math.floor(Math.random() * 40));
      for (let i = 0; i < burst; i += 1) published.push(publish(cameraOffline(door, null)));
      await delay(Math.random() * 60);
      bursts += 1;
      if (bursts % 2 === 0) proxy.cut();
    }
    const expected = await Promise.all(published);
    for (const events of await Promise.all(received)) expect(events).toEqual(expected);
    expect(links).toBeGreaterThan(streams.length);
  });

  it('goes on across a restart, also when the clock was set back meanwhile', async () => {
    const fifty = <T>(make: () => T): T[] => Array.from({ length: 50 }, make);
    const first = await startRun();
    const events = connect({ url: first.url, since: firstEventId });
    const published = fifty(() => first.publish(cameraOnline(door)));
    const received = take(events, 150);
    await first.server.close();
    published.push(...fifty(() => first.publish(cameraOffline(door, null))));
    expect(await first.publisher.close()).toBe(0);
    const port = Number(new URL(first.url).port);
    const second = await startRun({ port, now: () => Date.now() - 3_600_000 });
    published.push(...fifty(() => second.publish(cameraOnline(door))));
    const expected = await Promise.all(published);
    expect(await received).toEqual(expected);
    const ids = expected.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort());
  });

  it('gets what another process stores in the same file, replayed and live, whatever its clock', async () => {
    const { url, publish, store } = await startRun();
    const elsewhere = await file.open();
    const other = await openPublisher(elsewhere, () => Date.now() - 3_600_000);
    const publishOther = recordEvents(other, elsewhere.events);
    const inTurns = async () => {
      for (let i = 0; i < 20; i += 1) {
        await publish(cameraOnline(door));
        await publishOther(cameraOffline(door, null));
      }
    };
    await inTurns();
    const received = take(connect({ url, since: firstEventId }), 80);
    await inTurns();
    const stored = (await store.events.after(0, 100)).map(({ id }) => id);
    expect((await received).map(({ id }) => id)).toEqual(stored);
    // The ids alone would not do: those of the other process lie behind.
    expect(stored).not.toEqual(stored.toSorted());
  });

  it('filters what it replays, with types that fit', async () => {
    const { url, publish } = await startRun();
    const published = await Promise.all(
      Array.from({ length: 300 }, (_, i) =>
        publish(i % 100 === 0 ? cameraOnline(door) : cameraOffline(door, null)),
      ),
    );
    const events = connect({
      url,
      since: firstEventId,
      cameras: ['door'],
      types: ['sightline.camera.online'],
    });
    const ids = (await take(events, 3)).map(({ id }) => id);
    expect(ids).toEqual([0, 100, 200].map((i) => published[i]?.id));
  });

  it('ends with what the server says when it is refused', async () => {
    const { url } = await startServer({ token: 'correct-horse' });
    await expect(connect({ url, token: 'wrong' }).next()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    await expect(connect({ url, token: 'correct-horse', since: 'no id' }).next()).rejects.toThrow(
      RefusedError,
    );
  });

  it('learns why pictures are refused from the close, and waits for a camera that may come', async () => {
    const cameras = [new FakeCamera()];
    const { url } = await startServer({ token: 'correct-horse', cameras });
    const wrong = watch({ url, token: 'wrong', camera: 'door' });
    await expect(wrong.next()).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      message: 'Expected a token of this server but received a wrong one.',
    });
    const invalid = watch({ url, token: 'correct-horse', camera: 'door', fps: 0 });
    await expect(invalid.next()).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    const early = watch({ url, token: 'correct-horse', camera: 'yard' });
    const picture = early.next();
    const yard = new FakeCamera({ id: 'yard', name: 'Yard' });
    await Client.open(url, '/ws/video/yard', { headers: { 'x-api-key': 'correct-horse' } });
    cameras.push(yard);
    onTestFinished(yard.play(10));
    expect((await picture).done).toBe(false);
    early.close();
  });

  it('ends everything pending when it is closed, connected or not', async () => {
    const { url, server } = await startServer({ token: 'correct-horse' });
    const links: boolean[] = [];
    const events = connect({ url, token: 'correct-horse', onLink: (isUp) => links.push(isUp) });
    const pending = events.next();
    await until(() => links.length === 1);
    events.close();
    events.close();
    expect(await pending).toEqual({ value: undefined, done: true });
    await server.close();
    const hopeless = connect({ url });
    const never = hopeless.next();
    hopeless.close();
    expect(await never).toEqual({ value: undefined, done: true });
    expect(links).toEqual([true]);
  });

  it('gives pictures', async () => {
    const { url, camera } = await startServer();
    onTestFinished(camera.play(10));
    for await (const jpeg of watch({ url, camera: 'door', width: 320 })) {
      expect([...new Uint8Array(jpeg).slice(0, 2)]).toEqual([0xff, 0xd8]);
      break;
    }
    await until(() => camera.watched.length === 0);
  });
});

describe('a replay', () => {
  it('waits for a slow reader, who then gets everything, and what is published meanwhile', async () => {
    const { url, publish, events } = await startRun();
    const reason = { code: 'SOURCE_FAILED', message: 'x'.repeat(50_000) };
    const published = await Promise.all(
      Array.from({ length: 1000 }, () => publish(cameraOffline(door, reason))),
    );
    const reads: number[] = [];
    const read = events.after.bind(events);
    events.after = (position, limit) => {
      // Those of the clients that have caught up are further on.
      if (position < 500) reads.push(position);
      return read(position, limit);
    };
    const slow = await Client.open(url, `/ws/events?since=${firstEventId}`);
    slow.socket.pause();
    await until(() => reads.length > 0);
    for (let i = 0; i < 50; i += 1) published.push(await publish(cameraOnline(door)));
    await delay(300);
    // 50 MB, of which about 1 MB is sent for each read: 500 events would have taken 25 reads if nobody waited.
    expect(reads.length).toBeLessThan(20);
    slow.socket.resume();
    await slow.received(published.length);
    expect(slow.texts).toEqual(published.map((event) => JSON.stringify(event)));
  });

  it('that cannot be read closes with 1011 and the code', async () => {
    const { url, publish, events } = await startRun();
    const live = await Client.open(url, '/ws/events');
    await publish(cameraOnline(door));
    await live.received(1);
    events.after = () => Promise.reject(new Error('broken'));
    const client = await Client.open(url, `/ws/events?since=${firstEventId}`);
    expect(await client.closed).toBe(1011);
  });
});

it('the client works in a page', { tags: ['chromium'] }, async () => {
  const { url, publish } = await startRun();
  const published = await Promise.all(Array.from({ length: 60 }, () => publish(cameraOnline(door))));
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const page = await openPage(browser);
  await page.goto(url);
  const ids = await page.evaluate(`import('/client/index.js').then(async ({ connect }) => {
    const ids = [];
    for await (const { id } of connect({ url: location.origin, since: '${firstEventId}' })) {
      if (ids.push(id) === 60) break;
    }
    return ids;
  })`);
  expect(ids).toEqual(published.map(({ id }) => id));
});

it('docs/examples/events.py prints every event', { tags: ['python'] }, async () => {
  const { url, publish, server } = await startRun();
  const published = await Promise.all(Array.from({ length: 60 }, () => publish(cameraOnline(door))));
  const { hostname, port } = new URL(url);
  const script = join(packageRoot(), 'docs', 'examples', 'events.py');
  const python = endWithTestFile(spawn('python3', [script, hostname, port, firstEventId]));
  let [output, complaints] = ['', ''];
  python.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  python.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const lines = (): string[] => output.trimEnd().split('\n');
  await until(() => lines().length === published.length);
  // Listened for before: it may end while the server is still closing.
  const ended = once(python, 'close');
  await server.close();
  await ended;
  expect(lines().map((line) => JSON.parse(line) as unknown)).toEqual(published);
  expect(complaints).toBe('closed: 1001 The server is shutting down.\n');
});

it('docs/examples/events.py says why it is refused', { tags: ['python'] }, async () => {
  const { url } = await startServer({ token: 'correct-horse' });
  const { hostname, port } = new URL(url);
  const script = join(packageRoot(), 'docs', 'examples', 'events.py');
  const python = endWithTestFile(spawn('python3', [script, hostname, port, firstEventId, 'wrong']));
  let complaints = '';
  python.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  expect(await once(python, 'close')).toEqual([1, null]);
  expect(complaints).toMatch(/^refused: 4401 UNAUTHORIZED: /);
});
