import { SightlineError } from '../../core/errors.js';
import { quote } from '../../core/excerpt.js';
import { firstEventId } from '../../events/event-id.js';
import { toSightlineEvent } from '../../events/kept-event.js';
import type { StoredEvent } from '../../core/event-store.js';
import type { EventsQuery } from '../query.js';
import type { EventArchive } from '../services.js';
import type { KeptEvent } from './event-schema.js';

/** A page of kept events, where to go on in the past, and where with what is live. */
export interface EventPage {
  readonly events: readonly KeptEvent[];
  /** Null when that was all. */
  readonly next: string | null;
  readonly newest: string;
}

/**
 * Reads a page. `newest` is the last event stored when it was asked for, whatever its type and camera, and no event
 * of the page comes after it: pages and what is live since then together are everything, and nothing twice.
 */
export async function eventPage(
  archive: Pick<EventArchive, 'query' | 'positionOf'>,
  query: EventsQuery,
): Promise<EventPage> {
  const { camera, type, person, order, limit } = query;
  const last = query.cursor === undefined ? undefined : lastOfPage(query.cursor, order);
  const since = query.since === null ? undefined : await archive.positionOf(query.since);
  const [newest] = await archive.query({ order: 'newest first', limit: 1 });
  const found = await archive.query({
    since: momentOf(query.from),
    until: momentOf(query.until),
    cameraIds: camera,
    types: type,
    personId: person,
    after: (order === 'oldest' ? last : undefined) ?? since,
    before: order === 'newest' ? last : undefined,
    upTo: newest?.position ?? 0,
    order: `${order} first`,
    limit: limit + 1,
  });
  const events = found.slice(0, limit);
  const next = found.length > limit ? cursorAfter(events.at(-1)?.position ?? 0, order) : null;
  return { events: events.map(keptEvent), next, newest: newest?.id ?? firstEventId };
}

export function keptEvent(event: StoredEvent): KeptEvent {
  return { ...toSightlineEvent(event), person: event.person };
}

function momentOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}

/** Says how to go on after an event; events that come meanwhile change nothing about it. */
function cursorAfter(position: number, order: EventsQuery['order']): string {
  return Buffer.from(`${order} ${position}`).toString('base64url');
}

/** @throws SightlineError REQUEST_INVALID for what is no cursor of this order */
function lastOfPage(cursor: string, order: EventsQuery['order']): number {
  const [ofOrder, position = ''] = Buffer.from(cursor, 'base64url').toString().split(' ');
  if (ofOrder === order && /^\d{1,15}$/.test(position)) return Number(position);
  throw new SightlineError(
    'REQUEST_INVALID',
    `Query: cursor: expected \`next\` of a page in the same order, but received ${quote(cursor)}.`,
  );
}
