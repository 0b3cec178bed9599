import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TaskQueue } from '../../../src/inference/task-queue.js';

const live = (name: string, deadline = 1000) => ({ name, deadline, urgent: false });
const urgent = (name: string) => ({ name, deadline: 1000, urgent: true });
const request = (name: string) => ({ name, deadline: Infinity, urgent: false });

type Entry = ReturnType<typeof live>;

/** Batches of at most `most`, until nothing waits. */
function batches(list: TaskQueue<Entry>, most = Infinity): string[][] {
  const taken: string[][] = [];
  while (list.size > 0) taken.push(list.takeNext(most).map(({ name }) => name));
  return taken;
}

function listOf(limit: number, ...entries: readonly Entry[]): TaskQueue<Entry> {
  const list = new TaskQueue<Entry>(limit);
  for (const entry of entries) list.add(entry);
  return list;
}

describe('TaskQueue', () => {
  it('gives live tasks first, newest first, then requests, oldest first', () => {
    const list = listOf(10, live('a'), request('r1'), live('b'), request('r2'), live('c'));
    expect(batches(list)).toEqual([
      ['c', 'b', 'a'],
      ['r1', 'r2'],
    ]);
  });

  it('gives urgent live tasks before all others, newest first, and drops them last', () => {
    const list = listOf(10, live('a'), urgent('u1'), live('b'), urgent('u2'), live('c'));
    expect(batches(list)).toEqual([['u2', 'u1', 'c', 'b', 'a']]);
    const full = listOf(2, urgent('u1'), live('a'));
    expect(full.add(urgent('u2'))?.name).toBe('a');
    expect(full.add(live('b'))?.name).toBe('b');
    expect(full.add(urgent('u3'))?.name).toBe('u1');
  });

  it('gives batches of one kind, and the rest the next time', () => {
    const list = listOf(10, live('a'), request('r1'), live('b'), request('r2'), live('c'));
    expect(batches(list, 2)).toEqual([['c', 'b'], ['a'], ['r1', 'r2']]);
    expect(list.takeNext(2)).toEqual([]);
  });

  it('gives requests a turn after four batches of live tasks, however many come', () => {
    const list = listOf(10, request('r1'), request('r2'), request('r3'));
    const order: string[] = [];
    for (let index = 0; index < 12; index++) {
      list.add(live('live'));
      list.add(live('live'));
      order.push(...list.takeNext(1).map(({ name }) => name));
    }
    const four = ['live', 'live', 'live', 'live'];
    expect(order).toEqual([...four, 'r1', ...four, 'r2', 'live', 'live']);
  });

  it('lets requests wait for live tasks that come later, and owes them nothing before they came', () => {
    const list = listOf(10);
    for (let index = 0; index < 9; index++) {
      list.add(live('before'));
      list.takeNext(1);
    }
    list.add(request('r'));
    list.add(live('after'));
    expect(batches(list, 1)).toEqual([['after'], ['r']]);
  });

  it('gives back the oldest live task when full of them', () => {
    const list = listOf(2, live('a'), request('r'), live('b'));
    expect(list.add(live('c'))?.name).toBe('a');
    expect(batches(list)).toEqual([['c', 'b'], ['r']]);
  });

  it('takes every request, and a live task beside any number of them', () => {
    const list = listOf(1);
    for (const name of ['r1', 'r2', 'r3']) expect(list.add(request(name))).toBeUndefined();
    expect(list.add(live('a'))).toBeUndefined();
    expect(list.add(request('r4'))).toBeUndefined();
    expect(batches(list)).toEqual([['a'], ['r1', 'r2', 'r3', 'r4']]);
  });

  it('gives out what is late', () => {
    const list = listOf(9, live('a', 10), live('b', 20), request('r'));
    expect(list.takeExpired(15).map(({ name }) => name)).toEqual(['a']);
    expect(batches(list)).toEqual([['b'], ['r']]);
  });

  it('never holds more live tasks than its limit, and loses nothing', () => {
    const entries = fc.array(fc.constantFrom(1, Infinity), { maxLength: 40 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), entries, (limit, deadlines) => {
        const list = new TaskQueue<Entry>(limit);
        const out: string[] = [];
        let requests = 0;
        deadlines.forEach((deadline, index) => {
          if (deadline === Infinity) requests++;
          const displaced = list.add({ name: String(index), deadline, urgent: false });
          if (displaced) out.push(displaced.name);
          expect(list.size - requests).toBeLessThanOrEqual(limit);
        });
        out.push(...list.takeAll().map(({ name }) => name));
        expect(out.map(Number).sort((a, b) => a - b)).toEqual(deadlines.map((_, index) => index));
      }),
    );
  });
});
