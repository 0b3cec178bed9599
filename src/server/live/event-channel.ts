import type { WebSocket } from 'ws';
import type { CursorStore } from '../../core/event-store.js';
import type { Role } from '../../core/roles.js';
import { EventReader, type EventSink } from '../../events/event-reader.js';
import type { SightlineEvent } from '../../events/identity-event.js';
import { toSightlineEvent } from '../../events/kept-event.js';
import type { Caller } from '../access/caller.js';
import { eventFor } from '../access/camera-reason.js';
import { problemOf } from '../problem.js';
import type { EventStreamQuery } from '../query.js';
import type { ServerContext } from '../server-options.js';
import { closeCodes } from './close-codes.js';
import { isWanted } from './event-filter.js';

/** Events read for a client that catches up, at a time: a few milliseconds. */
const page = 100;

interface Client {
  readonly socket: WebSocket;
  readonly query: EventStreamQuery;
  readonly role: Role;
  /** The position of the last event that this client was sent or did not want. */
  position: number;
}

type ChannelContext = Pick<ServerContext, 'publisher' | 'services' | 'metrics' | 'limits' | 'log'>;

/**
 * Sends every event to the clients that want it, one CloudEvent a text message. One reader serves all clients that have
 * caught up: an event is read once for all of them, and written out once for each role.
 */
export class EventChannel implements EventSink {
  readonly name = 'websocket';
  readonly #context: ChannelContext;
  /** Those that have caught up. */
  readonly #clients = new Set<Client>();
  /** Up to here, those that have caught up were sent everything. */
  #position: number;
  #reader: EventReader | undefined;

  private constructor(context: ChannelContext, position: number) {
    this.#context = context;
    this.#position = position;
  }

  /** Rejects as the events do. */
  static async open(context: ChannelContext): Promise<EventChannel> {
    const { publisher, services, log } = context;
    const position = await services.events.newestPosition();
    const channel = new EventChannel(context, position);
    channel.#reader = await EventReader.open({
      sink: channel,
      store: services.events,
      // Each client says itself how far it has come.
      cursors: startingAt(position),
      publisher,
      onError: (err) => log.error({ err }, 'Events could not be read'),
    });
    return channel;
  }

  /** Sends what came after `since`, or after this moment without one, until the socket closes. */
  open(socket: WebSocket, query: EventStreamQuery, { role }: Caller): void {
    const { metrics } = this.#context;
    metrics.viewerJoined('events');
    socket.once('close', () => metrics.viewerLeft('events'));
    void this.#serve({ socket, query, role });
  }

  /** To those who have caught up. At once, so that a client that catches up meanwhile finds either all of it done or none. */
  deliver(events: readonly SightlineEvent[]): Promise<void> {
    for (const event of events) {
      const position = Number(event.sequence);
      this.#broadcast(event, position);
      this.#position = position;
    }
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await this.#reader?.close();
  }

  /** Never rejects. */
  async #serve(newcomer: Omit<Client, 'position'>): Promise<void> {
    const { socket, query } = newcomer;
    const { events } = this.#context.services;
    try {
      const start = query.since === null ? events.newestPosition() : events.positionOf(query.since);
      await this.#catchUp({ ...newcomer, position: await start });
    } catch (error) {
      this.#context.log.error({ err: error }, 'Events could not be replayed');
      socket.close(closeCodes.internalError, problemOf(error).code);
    }
  }

  /**
   * Sends what the others have been sent already, then lets the client join them. What is published meanwhile is found in
   * the store, so nothing piles up for a slow client. Between the last look at the position and joining nothing else can
   * run, so no event is left out; one that this client has ahead of the others is not sent to it again.
   */
  async #catchUp(client: Client): Promise<void> {
    const { socket } = client;
    while (socket.readyState === socket.OPEN) {
      const goal = this.#position;
      if (client.position >= goal) {
        this.#clients.add(client);
        socket.once('close', () => this.#clients.delete(client));
        return;
      }
      const before = client.position;
      await this.#sendPage(client);
      // Nothing is left up to there: it was too old to be kept.
      if (client.position === before) client.position = goal;
    }
  }

  /** Sends the next events, as many as there is room for, and waits for room when there is none left. */
  async #sendPage(client: Client): Promise<void> {
    const { socket, query, role } = client;
    for (const stored of await this.#context.services.events.after(client.position, page)) {
      const event = toSightlineEvent(stored);
      client.position = stored.position;
      if (!isWanted(event, query)) continue;
      const sent = send(socket, JSON.stringify(eventFor(role, event)));
      if (socket.bufferedAmount <= this.#context.limits.eventBudgetBytes) continue;
      await sent;
      // The rest is read again: meanwhile somebody whom it names may have been erased.
      return;
    }
  }

  #broadcast(event: SightlineEvent, position: number): void {
    const texts = new Map<Role, string>();
    for (const client of this.#clients) {
      if (position <= client.position) continue;
      client.position = position;
      if (!isWanted(event, client.query)) continue;
      const text = texts.get(client.role) ?? JSON.stringify(eventFor(client.role, event));
      texts.set(client.role, text);
      void send(client.socket, text);
      if (client.socket.bufferedAmount <= this.#context.limits.eventBudgetBytes) continue;
      this.#clients.delete(client);
      client.socket.close(closeCodes.tooSlow, 'CLIENT_TOO_SLOW');
    }
  }
}

/** The cursor of a reader that begins anew in each run. */
function startingAt(position: number): CursorStore {
  return { load: () => Promise.resolve(position), save: () => Promise.resolve() };
}

/** Resolves when it is sent or has failed: a send that fails closes the socket, and that removes the client. */
function send(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve) => socket.send(text, () => resolve()));
}
