import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaitingList } from '../../../src/recognition/waiting-list.js';

const live = (name: string, deadline = 1000) => ({ name, deadline });
const request = (name: string) => ({ name, deadline: Infinity });

function drain(list: WaitingList<{ name: string; deadline: number }>): string[] {
  return list.takeNext(Infinity).map(({ name }) => name);
}

describe('WaitingList', () => {
  it('gives requests first, oldest first, then live faces, newest first', () => {
    const list = new WaitingList<{ name: string; deadline: number }>(10);
    [live('a'), request('r1'), live('b'), request('r2'), live('c')].forEach((entry) => list.add(entry));
    expect(drain(list)).toEqual(['r1', 'r2', 'c', 'b', 'a']);
  });

  it('gives no more than asked for, and the rest the next time', () => {
    const list = new WaitingList<{ name: string; deadline: number }>(10);
    [live('a'), request('r'), live('b')].forEach((entry) => list.add(entry));
    const batches = [2, 2, 2].map((most) => list.takeNext(most).map(({ name }) => name));
    expect(batches).toEqual([['r', 'b'], ['a'], []]);
  });

  it('gives back the oldest live face when full', () => {
    const list = new WaitingList<{ name: string; deadline: number }>(2);
    list.add(request('r'));
    list.add(live('a'));
    expect(list.add(live('b'))?.name).toBe('a');
    expect(drain(list)).toEqual(['r', 'b']);
  });

  it('refuses the newcomer when full of requests', () => {
    const list = new WaitingList<{ name: string; deadline: number }>(2);
    list.add(request('r1'));
    list.add(request('r2'));
    expect(list.add(live('a'))?.name).toBe('a');
    expect(list.add(request('r3'))?.name).toBe('r3');
    expect(drain(list)).toEqual(['r1', 'r2']);
  });

  it('gives out what is late', () => {
    const list = new WaitingList<{ name: string; deadline: number }>(9);
    [live('a', 10), live('b', 20), request('r')].forEach((entry) => list.add(entry));
    expect(list.takeExpired(15).map(({ name }) => name)).toEqual(['a']);
    expect(drain(list)).toEqual(['r', 'b']);
  });

  it('never holds more than its limit and loses nothing', () => {
    const entries = fc.array(fc.constantFrom(1, Infinity), { maxLength: 40 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), entries, (limit, deadlines) => {
        const list = new WaitingList<{ name: string; deadline: number }>(limit);
        const out: string[] = [];
        deadlines.forEach((deadline, index) => {
          const displaced = list.add({ name: String(index), deadline });
          if (displaced) out.push(displaced.name);
          expect(list.size).toBeLessThanOrEqual(limit);
        });
        out.push(...list.takeAll().map(({ name }) => name));
        expect(out.map(Number).sort((a, b) => a - b)).toEqual(deadlines.map((_, index) => index));
      }),
    );
  });
});
