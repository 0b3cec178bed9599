import { describe, expect, it } from 'vitest';
import { firstEventId } from '../../../src/events/event-id.js';
import { SightlineError } from '../../../src/core/errors.js';
import type { z } from 'zod';
import { eventsQuery, eventStreamQuery, pictureQuery, streamQuery } from '../../../src/server/query.js';
import { parsePart, queryOf } from '../../../src/server/request.js';

function parseQuery<T extends z.ZodType>(schema: T, query: unknown): z.output<T> {
  return parsePart(schema, query, 'querystring');
}

function read(text: string) {
  return queryOf(new URLSearchParams(text));
}

describe('parseQuery', () => {
  it('knows what is meant when nothing is said', () => {
    expect(parseQuery(streamQuery, read(''))).toEqual({ width: null, overlay: true, fps: null });
    expect(parseQuery(eventsQuery, read(''))).toEqual({
      camera: [],
      type: [],
      since: null,
      order: 'newest',
      limit: 50,
    });
  });

  it('reads pictures', () => {
    const query = read('width=320&overlay=off&fps=2.5');
    expect(parseQuery(streamQuery, query)).toEqual({ width: 320, overlay: false, fps: 2.5 });
  });

  it('reads lists, once or several times', () => {
    const query = read('camera=a&camera=b&type=sightline.identity.unknown&since=01ARYZ6S410000000000000000');
    expect(parseQuery(eventStreamQuery, query)).toEqual({
      camera: ['a', 'b'],
      type: ['sightline.identity.unknown'],
      since: '01ARYZ6S410000000000000000',
    });
  });

  it('reports every problem at once', () => {
    const attempt = () => parseQuery(streamQuery, read('width=wide&fps=900&overlay=maybe&colour=red'));
    expect(attempt).toThrow(SightlineError);
    expect(attempt).toThrow(/width: expected a number, but received "wide"/);
    expect(attempt).toThrow(/fps: expected at most 60, but received "900"/);
    expect(attempt).toThrow(/overlay: expected one of on, off, but received "maybe"/);
    expect(attempt).toThrow(/colour: no such option/);
  });

  it.each([
    'width=',
    'width=15',
    'width=7681',
    'width=20.5',
    'width=NaN',
    'width=Infinity',
    'width=320&width=640',
  ])('refuses %s', (text) => {
    expect(() => parseQuery(pictureQuery, read(text))).toThrow(/^Query: width: expected/);
  });

  it('reads a time to begin at as the first id that an event of that time could have', () => {
    const since = (text: string) => parseQuery(eventStreamQuery, read(`since=${text}`)).since;
    // From the ULID specification's example: 01ARYZ6S41 is 1469918176385 ms.
    const example = new Date(1_469_918_176_385).toISOString();
    expect(since(example)).toBe('01ARYZ6S410000000000000000');
    expect(since('0001-01-01T00:00:00Z')).toBe(firstEventId);
  });

  it('reads times with their zone, and no others', () => {
    const times = read('from=2026-11-22T09:30:00Z&until=2026-11-22T11:00:00.5%2B01:00');
    expect(parseQuery(eventsQuery, times)).toMatchObject({ from: '2026-11-22T09:30:00Z' });
    for (const time of ['2026-11-22T09:30:00', '2026-11-22', 'yesterday', '1700000000'])
      expect(() => parseQuery(eventsQuery, read(`from=${time}`))).toThrow(
        /^Query: from: expected a time with its zone/,
      );
  });

  it('refuses a type or an id that cannot exist', () => {
    const attempt = () => parseQuery(eventStreamQuery, read('type=track&since=yesterday'));
    expect(attempt).toThrow(/type\[0\]: expected one of sightline.track.started, .* but received "track"/);
    expect(attempt).toThrow(
      /since: expected the id of an event, or a time with its zone, .* but received "yesterday"/,
    );
  });
});
