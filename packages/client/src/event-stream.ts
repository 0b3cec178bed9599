import type { EventType, SightlineEvent } from './events.js';
import { Mailbox } from './mailbox.js';
import { ReconnectingSocket } from './reconnecting-socket.js';
import { fetchJson, socketUrl, type Transport } from './transport.js';

export interface EventStreamOptions<T extends EventType> {
  /** The id of an event: those after it come first. Left out, only what happens from now on comes. */
  readonly since?: string | undefined;
  /** Camera ids; events of all cameras when empty or left out. */
  readonly cameras?: readonly string[] | undefined;
  /** Events of all types when empty or left out. */
  readonly types?: readonly T[] | undefined;
  /** Called when the connection is established and when it is lost. */
  readonly onLink?: ((isUp: boolean) => void) | undefined;
}

export type EventOfType<T extends EventType> = Extract<SightlineEvent, { type: T }>;

/**
 * A server's events for one reader, each once and in order, however often the connection breaks. Leaving the `for await`
 * loop closes it. Rejects with a RefusedError when the server refuses for good. Unread events wait in memory.
 */
export interface EventStream<T extends EventType> extends AsyncIterableIterator<EventOfType<T>> {
  /** Ends the loop and every pending `next()`, and drops unread events. May be called again. */
  close(): void;
}

export function openEventStream<T extends EventType>(
  transport: Transport,
  { since, cameras = [], types = [], onLink = () => {} }: EventStreamOptions<T>,
): EventStream<T> {
  let last = since;
  const abort = new AbortController();
  const filter = [...cameras.map((id) => pair('camera', id)), ...types.map((type) => pair('type', type))];
  const events = new Mailbox<EventOfType<T>>(Infinity, () => {
    abort.abort();
    socket.close();
  });
  const socket = new ReconnectingSocket({
    transport,
    address: async () => {
      const newest = await ask(transport, new URLSearchParams([...filter, ...from(last)]), abort.signal);
      // From the first attempt on, so that nothing is missed when the connection goes before the first event.
      last ??= newest;
      return socketUrl(transport, 'ws/events', new URLSearchParams([...filter, ...from(last)]));
    },
    onMessage: (text) => {
      const event = JSON.parse(String(text)) as EventOfType<T>;
      last = event.id;
      events.put(event);
    },
    onLink,
    onRefused: (error) => events.fail(error),
  });
  return events;
}

function pair(name: string, value: string): [string, string] {
  return [name, value];
}

function from(id: string | undefined): [string, string][] {
  return id === undefined ? [] : [pair('since', id)];
}

/**
 * Asks over HTTP at which event the stream is to begin.
 * @returns the id of the newest event
 */
async function ask(transport: Transport, query: URLSearchParams, signal: AbortSignal): Promise<string> {
  query.set('limit', '1');
  const body = await fetchJson(transport, `v1/events?${query.toString()}`, { signal });
  return (body as { newest: string }).newest;
}
