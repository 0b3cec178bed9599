import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect, RefusedError, watch } from '../../../src/client/node.js';
import { packageRoot } from '../../../src/config/package-root.js';
import { cameraOffline, cameraOnline } from '../../../src/events/build-event.js';
import { EventBus } from '../../../src/events/event-bus.js';
import { firstEventId } from '../../../src/events/event-id.js';
import { EventJournal } from '../../../src/events/event-journal.js';
import type { SightlineEvent } from '../../../src/events/identity-event.js';
import { launchBrowser, openPage } from '../../helpers/browser.js';
import { FakeCamera } from '../../helpers/fake-camera.js';
import { galleryFile } from '../storage/made-up.js';
import type { EventArchive } from '../../../src/server/services.js';
import { Client, startServer, until } from './start-server.js';
import { endWithTestFile } from '../../helpers/running-programs.js';

const door = { id: 'door', name: 'Front door' };
const file = galleryFile();

/** A run of the program as far as events go: a bus with a small memory, and a journal in the file. */
async function startRun(options: { port?: number; capacity?: number; now?: () => number } = {}) {
  const { port = 0, ...busOptions } = options;
  const bus = new EventBus({ capacity: 20, ...busOptions });
  const fail = (error: unknown): void => expect.fail(String(error));
  const store = file.open();
  const history = await EventJournal.open({ bus, store: store.events, gallery: store, onError: fail });
  onTestFinished(() => history.close());
  return {
    ...(await startServer({ bus, services: { events: history as unknown as EventArchive }, port })),
    history,
  };
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
    const { url, bus } = await startRun();
    bus.publish(cameraOnline(door));
    const proxy = await startProxy(url);
    let bursts = 0;
    let links = 0;
    const streams = Array.from({ length: 4 }, () =>
      connect({ url: proxy.url, onLink: (isUp) => (links += isUp ? 1 : 0) }),
    );
    const count = 600;
    const received = streams.map((stream) => take(stream, count));
    await until(() => links === streams.length);
    const published: SightlineEvent[] = [];
    while (published.length < count) {
      // More than the memory holds at a time, so that replays come from the store too.
      const burst = Math.min(count - published.length, Math.floor(Math.random() * 40));
      for (let i = 0; i < burst; i += 1) published.push(bus.publish(cameraOffline(door, null)));
      await delay(Math.random() * 60);
      bursts += 1;
      if (bursts % 2 === 0) proxy.cut();
    }
    for (const events of await Promise.all(received)) expect(events).toEqual(published);
    expect(links).toBeGreaterThan(streams.length);
  });

  it('goes on across a restart, also when the clock was set back meanwhile', async () => {
    const first = await startRun();
    const events = connect({ url: first.url, since: firstEventId });
    const published = Array.from({ length: 50 }, () => first.bus.publish(cameraOnline(door)));
    const received = take(events, 150);
    await first.server.close();
    published.push(...Array.from({ length: 50 }, () => first.bus.publish(cameraOffline(door, null))));
    await first.history.close();
    const port = Number(new URL(first.url).port);
    const second = await startRun({ port, now: () => Date.now() - 3_600_000 });
    published.push(...Array.from({ length: 50 }, () => second.bus.publish(cameraOnline(door))));
    expect(await received).toEqual(published);
  });

  it('filters what it replays, with types that fit', async () => {
    const { url, bus } = await startRun();
    const published = Array.from({ length: 300 }, (_, i) =>
      bus.publish(i % 100 === 0 ? cameraOnline(door) : cameraOffline(door, null)),
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
    const { url, bus, history } = await startRun({ capacity: 5 });
    const reads: number[] = [];
    const read = history.after.bind(history);
    history.after = (id, limit) => {
      reads.push(limit);
      return read(id, limit);
    };
    const reason = { code: 'SOURCE_FAILED', message: 'x'.repeat(50_000) };
    const published = Array.from({ length: 1000 }, () => bus.publish(cameraOffline(door, reason)));
    const slow = await Client.open(url, `/ws/events?since=${firstEventId}`);
    slow.socket.pause();
    await until(() => reads.length > 0);
    for (let i = 0; i < 50; i += 1) published.push(bus.publish(cameraOnline(door)));
    await delay(300);
    // 50 MB in ten pages: all of them would have been read by now if nobody waited for the reader.
    expect(reads.length).toBeLessThan(5);
    slow.socket.resume();
    await slow.received(published.length);
    expect(slow.texts).toEqual(published.map((event) => JSON.stringify(event)));
  });

  it('that cannot be read closes with 1011 and the code', async () => {
    const { url, bus, history } = await startRun({ capacity: 1 });
    history.after = () => Promise.reject(new Error('broken'));
    for (let i = 0; i < 3; i += 1) bus.publish(cameraOnline(door));
    const client = await Client.open(url, `/ws/events?since=${firstEventId}`);
    expect(await client.closed).toBe(1011);
  });
});

it('the client works in a page', { tags: ['chromium'] }, async () => {
  const { url, bus } = await startRun();
  const published = Array.from({ length: 60 }, () => bus.publish(cameraOnline(door)));
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const page = await openPage(browser);
  await page.goto(url);
  const ids = await page.evaluate(`import('/client/browser.js').then(async ({ connect }) => {
    const ids = [];
    for await (const { id } of connect({ url: location.origin, since: '${firstEventId}' })) {
      if (ids.push(id) === 60) break;
    }
    return ids;
  })`);
  expect(ids).toEqual(published.map(({ id }) => id));
});

it('docs/examples/events.py prints every event', { tags: ['python'] }, async () => {
  const { url, bus, server } = await startRun();
  const published = Array.from({ length: 60 }, () => bus.publish(cameraOnline(door)));
  const { hostname, port } = new URL(url);
  const script = join(packageRoot(), 'docs', 'examples', 'events.py');
  const python = endWithTestFile(spawn('python3', [script, hostname, port, firstEventId]));
  let [output, complaints] = ['', ''];
  python.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  python.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const lines = (): string[] => output.trimEnd().split('\n');
  await until(() => lines().length === published.length);
  await server.close();
  await once(python, 'close');
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
