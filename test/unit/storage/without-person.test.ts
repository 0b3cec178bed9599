import { describe, expect, it } from 'vitest';
import { withoutPerson } from '../../../src/storage/sqlite/without-person.js';

const ana = { id: 'p1', name: 'Ana' };

describe('withoutPerson', () => {
  it('empties what has the id and drops it from lists', () => {
    const data = { identity: ana, previous: { id: 'p2', name: 'Ben' }, nearest: [{ ...ana, distance: 1 }] };
    expect(withoutPerson(data, 'p1')).toEqual({
      identity: null,
      previous: { id: 'p2', name: 'Ben' },
      nearest: [],
    });
  });

  it('takes every name that stood with the id from sentences, the longer first', () => {
    const data = {
      a: ana,
      b: { id: 'p1', name: 'Ana María' },
      summary: 'Ana María, once Ana.',
      label: 'Ana',
    };
    expect(withoutPerson(data, 'p1')).toMatchObject({
      summary: '(erased), once (erased).',
      label: '(erased)',
    });
  });

  it('spoils no dates and figures', () => {
    const data = { identity: { id: 'p1', name: '2' }, capturedAt: '2026-11-22T02:00:00Z', hits: 2 };
    expect(withoutPerson(data, 'p1')).toEqual({ ...data, identity: null });
  });

  it('changes nothing that does not tell of the person', () => {
    const data = { list: [1, null, 'Ana', { id: 'p2', name: 'Ana' }], deep: { more: [true] } };
    expect(withoutPerson(data, 'p1')).toEqual(data);
  });
});
