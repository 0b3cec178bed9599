import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { packageRoot } from '../../../src/config/package-root.js';
import { SightlineError } from '../../../src/core/errors.js';
import { cameraOnline, identityRecognized, trackStarted } from '../../../src/events/build-event.js';
import { EventReader } from '../../../src/events/event-reader.js';
import type { Storage } from '../../../src/core/storage.js';
import { EventPublisher } from '../../../src/events/event-publisher.js';
import type { SightlineEvent } from '../../../src/events/identity-event.js';
import { known, reportOf } from '../../unit/events/track-report.js';
import { galleryFile, sighting } from '../storage/made-up.js';

const file = galleryFile();
const script = fileURLToPath(new URL('../../helpers/die-before-telling.mjs', import.meta.url));
const photo = { ...sighting(), photoName: 'a.jpg', photoHash: 'a' };
/** The limit only ends a hang. */
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 60_000 });
const draftOf = (id: string) => cameraOnline({ id, name: id });
const fail = (error: unknown): never => {
  throw error;
};

async function openPublisher(store: Storage, onFailure: (error: unknown) => void = fail) {
  const told = { onFailure, onRecovery: () => undefined, onListenerError: fail };
  const publisher = await EventPublisher.open({ store: store.events, ...told });
  onTestFinished(async () => void (await publisher.close()));
  return publisher;
}

interface ReaderOptions {
  readonly name?: string;
  /** Whether the sink takes nothing now. */
  readonly isDown?: () => boolean;
  readonly onError?: (error: unknown) => void;
  readonly pollMs?: number;
}

/** A reader with a sink that keeps what it gets. */
async function openReader(
  store: Storage,
  publisher: EventPublisher,
  { name = 'webhook', isDown = () => false, onError = fail, pollMs = 1000 }: ReaderOptions = {},
) {
  const taken: SightlineEvent[] = [];
  const deliver = (events: readonly SightlineEvent[]): Promise<void> => {
    if (isDown()) return Promise.reject(new Error('503'));
    taken.push(...events);
    return Promise.resolve();
  };
  const { events, cursors } = store;
  const sink = { name, deliver };
  const reader = await EventReader.open({ sink, store: events, cursors, publisher, onError, pollMs });
  onTestFinished(() => reader.close());
  return { reader, taken, cameras: () => taken.map(({ data }) => data.camera?.id) };
}

describe('EventReader', () => {
  it('delivers each event once and in order, over restarts, from where it first began', async () => {
    const store = await file.open();
    const publisher = await openPublisher(store);
    publisher.publish(draftOf('before'));
    await eventually(async () => expect(await store.events.newestPosition()).toBe(1));
    const first = await openReader(store, publisher);
    for (const id of ['a', 'b']) publisher.publish(draftOf(id));
    await eventually(() => expect(first.cameras()).toEqual(['a', 'b']));
    await first.reader.close();
    for (const id of ['c', 'd']) publisher.publish(draftOf(id));
    await publisher.close();
    expect(first.cameras()).toEqual(['a', 'b']);
    const again = await file.open();
    const second = await openReader(again, await openPublisher(again));
    await eventually(() => expect(second.cameras()).toEqual(['c', 'd']));
    const sequences = [...first.taken, ...second.taken].map(({ sequence }) => sequence);
    expect(sequences).toEqual([...new Set(sequences)].sort());
  });

  it('misses and repeats nothing when two stores on one file are written to in turns', async () => {
    const stores = [await file.open(), await file.open()];
    const publishers = await Promise.all(stores.map((store) => openPublisher(store)));
    const readers = await Promise.all(
      stores.map((store, i) => openReader(store, publishers[i]!, { name: `reader ${i}`, pollMs: 5 })),
    );
    const published = Array.from({ length: 300 }, (_, i) => `camera ${i}`);
    for (const [i, id] of published.entries()) {
      publishers[i % 2]!.publish(draftOf(id));
      if (i % 7 === 0) await nextTurn();
    }
    const stored = async () => (await stores[0]!.events.after(0, 1000)).map(({ cameraId }) => cameraId);
    await eventually(async () => expect(await stored()).toHaveLength(published.length));
    const inOrder = await stored();
    expect(inOrder.toSorted()).toEqual(published.toSorted());
    for (const { cameras } of readers) {
      await eventually(() => expect(cameras().length).toBeGreaterThanOrEqual(published.length));
      expect(cameras()).toEqual(inOrder);
    }
  });

  it('delivers again what a sink refused, and holds up nobody', async () => {
    const store = await file.open();
    const publisher = await openPublisher(store);
    const errors: unknown[] = [];
    const { cameras } = await openReader(store, publisher, {
      isDown: () => errors.length < 2,
      onError: (error) => errors.push(error),
    });
    for (const id of ['a', 'b', 'c']) publisher.publish(draftOf(id));
    expect(await publisher.close()).toBe(0);
    expect(await store.events.newestPosition()).toBe(3);
    await eventually(() => expect(cameras()).toEqual(['a', 'b', 'c']));
    expect(errors).toEqual([new Error('503'), new Error('503')]);
    await eventually(async () => expect(await store.cursors.load('webhook')).toBe(3));
  });

  it('ends while it waits for a sink, which hears of it', async () => {
    const store = await file.open();
    const publisher = await openPublisher(store);
    let isDelivering = false;
    const deliver = (_: readonly SightlineEvent[], signal: AbortSignal): Promise<void> => {
      isDelivering = true;
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    };
    const { events, cursors } = store;
    const sink = { name: 'webhook', deliver };
    const reader = await EventReader.open({ sink, store: events, cursors, publisher, onError: fail });
    publisher.publish(draftOf('a'));
    await eventually(() => expect(isDelivering).toBe(true));
    await reader.close();
    await reader.close();
    expect(await cursors.load('webhook')).toBe(0);
  });
});

describe('a person who is erased', () => {
  it('is not in what a sink gets that was down meanwhile', async () => {
    const store = await file.open();
    const { person } = await store.people.addFace('Zebulon', photo);
    const publisher = await openPublisher(store);
    let isDown = true;
    const onError = () => undefined;
    const { taken } = await openReader(store, publisher, { isDown: () => isDown, onError });
    publisher.publish(identityRecognized(reportOf(known(person))));
    await eventually(async () => expect(JSON.stringify(await store.events.after(0, 9))).toContain('Zebulon'));
    await store.people.removePerson(person.id);
    isDown = false;
    await eventually(() => expect(taken).toHaveLength(1));
    expect(taken[0]).toMatchObject({ data: { identity: null, camera: { id: 'door' } } });
    expect(JSON.stringify(taken)).not.toContain('Zebulon');
  });

  it('is not in events that were published before, and stored after', async () => {
    const store = await file.open();
    const { person } = await store.people.addFace('Zebulon', photo);
    const onFailure = vi.fn();
    const append = store.events.append.bind(store.events);
    let isLocked = true;
    const busy = new SightlineError('DATA_UNWRITABLE', 'Expected to write but the file is locked.');
    store.events.append = (events) => (isLocked ? Promise.reject(busy) : append(events));
    const publisher = await openPublisher(store, onFailure);
    const { taken } = await openReader(store, publisher);
    publisher.publish(trackStarted(reportOf(known(person))));
    publisher.publish(identityRecognized(reportOf(known(person))));
    await eventually(() => expect(onFailure).toHaveBeenCalled());
    await store.people.removePerson(person.id);
    isLocked = false;
    await eventually(() => expect(taken).toHaveLength(2));
    expect(JSON.stringify([taken, await store.events.after(0, 9)])).not.toContain('Zebulon');
  });
});

it('an event that was stored when the process was killed, before anybody knew, comes after a restart', async () => {
  const child = spawn(process.execPath, [script, join(packageRoot(), 'dist'), file.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let delivered = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (delivered += text));
  expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
  expect(delivered).toBe('first\n');
  const store = await file.open();
  const { cameras } = await openReader(store, await openPublisher(store));
  await eventually(() => expect(cameras()).toEqual(['second']));
});
