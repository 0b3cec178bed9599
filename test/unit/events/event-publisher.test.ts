import { describe, expect, it, vi } from 'vitest';
import { SightlineError } from '../../../src/core/errors.js';
import type { NewEvent } from '../../../src/core/event-store.js';
import { cameraOnline } from '../../../src/events/build-event.js';
import { EventIds } from '../../../src/events/event-id.js';
import { EventPublisher, type EventPublisherOptions } from '../../../src/events/event-publisher.js';

/** The limit only ends a hang. */
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 60_000 });
const draftOf = (id: string) => cameraOnline({ id, name: id });
const diskFull = () => new SightlineError('DISK_FULL', 'Expected room but the disk is full.');

/** A store in memory that fails as long as `failure` gives an error for what it is to keep. */
class FailingStore {
  readonly kept: NewEvent[] = [];
  readonly batches: number[] = [];
  attempts = 0;
  greatest: string | undefined;
  failure: (events: readonly NewEvent[]) => Error | undefined = () => undefined;

  async append(events: readonly NewEvent[]): Promise<number[]> {
    await Promise.resolve();
    this.attempts += 1;
    const failure = this.failure(events);
    if (failure) throw failure;
    this.kept.push(...events);
    this.batches.push(events.length);
    return events.map((_, i) => i);
  }

  greatestId(): Promise<string | undefined> {
    return Promise.resolve(this.greatest);
  }

  get cameras(): string[] {
    return this.kept.map(({ cameraId }) => cameraId);
  }
}

async function open(options: Partial<EventPublisherOptions> = {}) {
  const store = new FailingStore();
  const told = { onFailure: vi.fn(), onRecovery: vi.fn(), onListenerError: vi.fn() };
  const publisher = await EventPublisher.open({ store, ...told, ...options });
  const heard: string[] = [];
  const leave = publisher.onStored((events) => heard.push(...events.map(({ cameraId }) => cameraId)));
  return { store, publisher, heard, leave, ...told };
}

describe('EventPublisher', () => {
  it('stores what is published in the same turn together, and tells only then', async () => {
    const { store, publisher, heard } = await open();
    for (const id of ['a', 'b', 'c']) publisher.publish(draftOf(id));
    expect([store.attempts, heard]).toEqual([0, []]);
    expect(publisher.status).toEqual({ waiting: 3, lost: 0, failing: false });
    expect(await publisher.close()).toBe(0);
    expect(store.batches).toEqual([3]);
    expect(heard).toEqual(['a', 'b', 'c']);
    expect(store.cameras).toEqual(heard);
  });

  it('stores many events in portions, in the order of publishing', async () => {
    const { store, publisher } = await open();
    const cameras = Array.from({ length: 450 }, (_, i) => `camera ${i}`);
    for (const id of cameras) publisher.publish(draftOf(id));
    await publisher.close();
    expect(store.batches).toEqual([200, 200, 50]);
    expect(store.cameras).toEqual(cameras);
    const ids = store.kept.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort());
  });

  it('tries again what could not be stored, tells of both, and keeps the order', async () => {
    const { store, publisher, heard, onFailure, onRecovery } = await open();
    const error = diskFull();
    store.failure = () => (store.attempts <= 2 ? error : undefined);
    for (const id of ['a', 'b', 'c']) publisher.publish(draftOf(id));
    await eventually(() => expect(onFailure).toHaveBeenCalled());
    expect(onFailure).toHaveBeenLastCalledWith(error, { waiting: 3, lost: 0, failing: true });
    expect(publisher.status.failing).toBe(true);
    expect(heard).toEqual([]);
    publisher.publish(draftOf('d'));
    await eventually(() => expect(store.kept).toHaveLength(4));
    expect(store.cameras).toEqual(['a', 'b', 'c', 'd']);
    expect(heard).toEqual(store.cameras);
    expect(onFailure).toHaveBeenCalledTimes(2);
    expect(onRecovery).toHaveBeenCalledTimes(1);
    expect(publisher.status).toEqual({ waiting: 0, lost: 0, failing: false });
  });

  it('keeps the newest when too many wait, and counts those it gives up', async () => {
    const { store, publisher, onFailure } = await open({ capacity: 3 });
    store.failure = () => (store.attempts <= 1 ? diskFull() : undefined);
    publisher.publish(draftOf('a'));
    await eventually(() => expect(onFailure).toHaveBeenCalled());
    for (const id of ['b', 'c', 'd', 'e']) publisher.publish(draftOf(id));
    expect(publisher.status).toEqual({ waiting: 3, lost: 2, failing: true });
    await eventually(() => expect(store.kept).toHaveLength(3));
    expect(store.cameras).toEqual(['c', 'd', 'e']);
    expect(await publisher.close()).toBe(2);
  });

  it('gives up an event that alone cannot be stored, and no other', async () => {
    const { store, publisher, heard, onFailure } = await open();
    const error = new TypeError('Do not know how to serialize a BigInt');
    store.failure = (events) => (events.some(({ cameraId }) => cameraId === 'bad') ? error : undefined);
    for (const id of ['a', 'bad', 'b']) publisher.publish(draftOf(id));
    await eventually(() => expect(store.kept).toHaveLength(2));
    expect(heard).toEqual(['a', 'b']);
    expect(onFailure).toHaveBeenLastCalledWith(error, { waiting: 1, lost: 1, failing: false });
    expect(publisher.status).toEqual({ waiting: 0, lost: 1, failing: false });
  });

  it('tries once more when it is closed, then says how many events were given up', async () => {
    const { store, publisher, onFailure } = await open({ closeTimeoutMs: 1 });
    store.failure = diskFull;
    for (const id of ['a', 'b']) publisher.publish(draftOf(id));
    await eventually(() => expect(onFailure).toHaveBeenCalled());
    expect(await publisher.close()).toBe(2);
    expect(await publisher.close()).toBe(2);
    publisher.publish(draftOf('late'));
    expect(publisher.status.lost).toBe(3);
    expect(String(onFailure.mock.lastCall?.[0])).toContain('was published after the publisher was closed');
  });

  it('stores at the end what a long wait held up', async () => {
    const { store, publisher, onFailure } = await open();
    store.failure = diskFull;
    publisher.publish(draftOf('a'));
    await eventually(() => expect(onFailure.mock.calls.length).toBeGreaterThan(1));
    store.failure = () => undefined;
    expect(await publisher.close()).toBe(0);
    expect(store.cameras).toEqual(['a']);
  });

  it('stops waiting for a store that never answers', async () => {
    const { store, publisher } = await open({ closeTimeoutMs: 1 });
    store.append = () => new Promise(() => undefined);
    publisher.publish(draftOf('a'));
    expect(await publisher.close()).toBe(1);
  });

  it('lets no listener break it or the others, and none hear more than it wants', async () => {
    const { store, publisher, heard, leave, onListenerError } = await open();
    publisher.onStored(() => {
      throw new Error('broken');
    });
    const stopLast = publisher.onStored((events) => heard.push(`${events.length} for the last`));
    publisher.publish(draftOf('a'));
    await eventually(() => expect(heard).toEqual(['a', '1 for the last']));
    expect(onListenerError).toHaveBeenCalledExactlyOnceWith(new Error('broken'));
    leave();
    leave();
    stopLast();
    publisher.publish(draftOf('b'));
    await eventually(() => expect(store.kept).toHaveLength(2));
    expect(heard).toHaveLength(2);
  });

  it('stamps ids after the greatest there is, and the time of the clock', async () => {
    const store = new FailingStore();
    store.greatest = new EventIds().next(Date.now() + 3_600_000);
    const { publisher } = await open({ store, now: () => 5000 });
    publisher.publish(draftOf('a'));
    publisher.publish(draftOf('b'));
    await publisher.close();
    const ids = [store.greatest, ...store.kept.map(({ id }) => id)];
    expect(ids).toEqual([...new Set(ids)].toSorted());
    expect(store.kept.map(({ time }) => time)).toEqual([5000, 5000]);
  });
});
