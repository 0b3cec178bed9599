import type { WebSocket } from 'ws';
import type { SightlineEvent } from '../../events/identity-event.js';
import { closeCodes } from './close-codes.js';
import { isWanted } from './event-filter.js';
import { replayEvents } from './event-replay.js';
import { problemOf } from '../problem.js';
import type { EventStreamQuery } from '../query.js';
import type { ServerContext } from '../server-options.js';

interface Client {
  readonly socket: WebSocket;
  readonly query: EventStreamQuery;
}

type ChannelContext = Pick<ServerContext, 'bus' | 'services' | 'metrics' | 'limits' | 'log'>;

/** Sends every event to the clients that want it, one CloudEvent a text message, written out once for all. */
export class EventChannel {
  readonly #context: ChannelContext;
  /** Those that have caught up. */
  readonly #clients = new Set<Client>();
  readonly #unsubscribe: () => void;

  constructor(context: ChannelContext) {
    this.#context = context;
    this.#unsubscribe = context.bus.subscribe((event) => {
      this.#broadcast(event);
    });
  }

  /** Replays what was missed when the query says `since`, then sends what comes until the socket closes. */
  open(socket: WebSocket, query: EventStreamQuery): void {
    const { metrics } = this.#context;
    const client = { socket, query };
    metrics.viewerJoined('events');
    socket.once('close', () => {
      this.#clients.delete(client);
      metrics.viewerLeft('events');
    });
    if (query.since === null) this.#clients.add(client);
    else void this.#replay(client, query.since);
  }

  close(): void {
    this.#unsubscribe();
  }

  async #replay(client: Client, since: string): Promise<void> {
    const { socket, query } = client;
    try {
      await replayEvents(this.#context, {
        since,
        goesOn: () => socket.readyState === socket.OPEN,
        send: (events) =>
          this.#sendAll(
            socket,
            events.filter((event) => isWanted(event, query)),
          ),
        onCaughtUp: () => this.#clients.add(client),
      });
    } catch (error) {
      this.#context.log.error({ err: error }, 'Events could not be replayed.');
      socket.close(closeCodes.internalError, problemOf(error).code);
    }
  }

  /** Resolves when all of them have been taken over by the operating system, or the socket is closed. */
  async #sendAll(socket: WebSocket, events: readonly SightlineEvent[]): Promise<void> {
    for (const [i, event] of events.entries()) {
      const sent = send(socket, JSON.stringify(event));
      const isFull = socket.bufferedAmount > this.#context.limits.eventBudgetBytes;
      if (isFull || i === events.length - 1) await sent;
    }
  }

  #broadcast(event: SightlineEvent): void {
    const text = JSON.stringify(event);
    for (const client of this.#clients) {
      if (!isWanted(event, client.query)) continue;
      void send(client.socket, text);
      if (client.socket.bufferedAmount <= this.#context.limits.eventBudgetBytes) continue;
      this.#clients.delete(client);
      client.socket.close(closeCodes.tooSlow, 'CLIENT_TOO_SLOW');
    }
  }
}

/** Resolves when it is sent or has failed: a send that fails closes the socket, and that removes the client. */
function send(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve) => socket.send(text, () => resolve()));
}
