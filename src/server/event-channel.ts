import type { WebSocket } from 'ws';
import type { SightlineEvent } from '../events/identity-event.js';
import { closeCodes } from './close-codes.js';
import { isWanted, keptEvents } from './event-filter.js';
import type { EventStreamQuery } from './query.js';
import type { ServerContext } from './server-options.js';

interface Client {
  readonly socket: WebSocket;
  readonly query: EventStreamQuery;
  readonly budgetBytes: number;
}

/** Sends every event to the clients that want it, one CloudEvent a text message, written out once for all. */
export class EventChannel {
  readonly #context: Pick<ServerContext, 'bus' | 'metrics' | 'limits'>;
  readonly #clients = new Set<Client>();
  readonly #unsubscribe: () => void;

  constructor(context: Pick<ServerContext, 'bus' | 'metrics' | 'limits'>) {
    this.#context = context;
    this.#unsubscribe = context.bus.subscribe((event) => {
      this.#broadcast(event);
    });
  }

  /** Replays what was missed when the query says `since`, then sends what comes until the socket closes. */
  open(socket: WebSocket, query: EventStreamQuery): void {
    const { bus, metrics, limits } = this.#context;
    if (query.since !== null) {
      for (const event of keptEvents(bus, query)) send(socket, JSON.stringify(event));
    }
    // A replay comes all at once, which is no fault of the client.
    const client = { socket, query, budgetBytes: limits.eventBudgetBytes + socket.bufferedAmount };
    this.#clients.add(client);
    metrics.viewerJoined('events');
    socket.once('close', () => {
      this.#clients.delete(client);
      metrics.viewerLeft('events');
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  #broadcast(event: SightlineEvent): void {
    const text = JSON.stringify(event);
    for (const client of this.#clients) {
      if (!isWanted(event, client.query)) continue;
      send(client.socket, text);
      if (client.socket.bufferedAmount <= client.budgetBytes) continue;
      this.#clients.delete(client);
      client.socket.close(closeCodes.tooSlow, 'CLIENT_TOO_SLOW');
    }
  }
}

/** A send that fails closes the socket, and that removes the client. */
function send(socket: WebSocket, text: string): void {
  socket.send(text, () => {});
}
