import { SightlineError } from '../../core/errors.js';
import { quote } from '../../core/excerpt.js';
import { eventIdPattern, firstEventId } from '../../events/event-id.js';
import { toSightlineEvent } from '../../events/kept-event.js';
import type { StoredEvent } from '../../core/event-store.js';
import type { EventsQuery } from '../query.js';
import type { ServerContext } from '../server-options.js';
import type { KeptEvent } from './event-schema.js';

/** A page of kept events, where to go on in the past, and where with what is live. */
export interface EventPage {
  readonly events: readonly KeptEvent[];
  /** Null when that was all. */
  readonly next: string | null;
  readonly newest: string;
}

/**
 * Reads a page. `newest` is the last event published when it was asked for, whatever its type and camera, and no event
 * of the page comes after it: pages and what is live since then together are everything, and nothing twice.
 */
export async function eventPage(
  { bus, services }: Pick<ServerContext, 'bus' | 'services'>,
  query: EventsQuery,
): Promise<EventPage> {
  const { camera, type, person, order, limit } = query;
  const last = query.cursor === undefined ? undefined : lastOfPage(query.cursor, order);
  const newest = bus.newest === '' ? firstEventId : bus.newest;
  const found = await services.events.query({
    since: momentOf(query.from),
    until: momentOf(query.until),
    cameraIds: camera,
    types: type,
    personId: person,
    after: (order === 'oldest' ? last : undefined) ?? query.since ?? undefined,
    before: order === 'newest' ? last : undefined,
    upTo: newest,
    order: `${order} first`,
    limit: limit + 1,
  });
  const events = found.slice(0, limit);
  const next = found.length > limit ? cursorAfter(events.at(-1)?.id ?? '', order) : null;
  return { events: events.map(keptEvent), next, newest };
}

export function keptEvent(event: StoredEvent): KeptEvent {
  return { ...toSightlineEvent(event), person: event.person };
}

function momentOf(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}

/** Says how to go on after an event; events that come meanwhile change nothing about it. */
function cursorAfter(id: string, order: EventsQuery['order']): string {
  return Buffer.from(`${order} ${id}`).toString('base64url');
}

/** @throws SightlineError REQUEST_INVALID for what is no cursor of this order */
function lastOfPage(cursor: string, order: EventsQuery['order']): string {
  const [ofOrder, id = ''] = Buffer.from(cursor, 'base64url').toString().split(' ');
  if (ofOrder === order && eventIdPattern.test(id)) return id;
  throw new SightlineError(
    'REQUEST_INVALID',
    `Query: cursor: expected \`next\` of a page in the same order, but received ${quote(cursor)}.`,
  );
}
