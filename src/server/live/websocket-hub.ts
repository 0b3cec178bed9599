import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { SightlineError } from '../../core/errors.js';
import { excerpt } from '../../core/excerpt.js';
import { requireRole, type Caller } from '../access/caller.js';
import type { Gate } from '../access/gate.js';
import { answerRaw, brokenRequest } from '../problem.js';
import { eventStreamQuery, streamQuery } from '../query.js';
import { checkUrlLength, parsePart, queryOf, type Query } from '../request.js';
import { requireCamera } from '../../services/cameras.js';
import type { ServerContext } from '../server-options.js';
import { closeCodes, refuseSocket } from './close-codes.js';
import { EventChannel } from './event-channel.js';
import type { Heartbeat } from './heartbeat.js';
import { openVideo } from './picture-feed.js';

/** Clients have no messages to send, so even this is generous. */
const maxMessageBytes = 1024;
/** How long a client may take to answer a close before its connection is cut. */
const closeGraceMs = 400;

type Opener = (socket: WebSocket) => void;

/** All WebSockets of the server. Invalid handshakes get an HTTP answer; refusals are close codes after the handshake. */
export class WebSocketHub {
  readonly #context: ServerContext;
  readonly #gate: Gate;
  readonly #heartbeat: Heartbeat;
  readonly #events: EventChannel;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
  });

  private constructor(context: ServerContext, gate: Gate, heartbeat: Heartbeat, events: EventChannel) {
    this.#context = context;
    this.#gate = gate;
    this.#heartbeat = heartbeat;
    this.#events = events;
    this.#sockets.on('wsClientError', (error, connection) => answerRaw(connection, brokenRequest(error)));
  }

  /** Rejects as the events do. */
  static async open(context: ServerContext, gate: Gate, heartbeat: Heartbeat): Promise<WebSocketHub> {
    return new WebSocketHub(context, gate, heartbeat, await EventChannel.open(context));
  }

  /** Takes over the upgrade requests of an HTTP server. */
  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
      // Nothing else listens before the handshake, and an error without a listener would end the program.
      connection.on('error', () => {});
      void this.#upgrade(request, connection, head);
    });
  }

  /** Closes every socket with `goingAway`; those that do not answer within 400 ms are terminated. */
  async close(): Promise<void> {
    await this.#events.close();
    this.#sockets.close();
    const clients = [...this.#sockets.clients];
    const closed = clients.map((client) => new Promise((resolve) => client.once('close', resolve)));
    for (const client of clients) client.close(closeCodes.goingAway, 'The server is shutting down.');
    const cut = setTimeout(() => {
      for (const client of clients) client.terminate();
    }, closeGraceMs);
    await Promise.all(closed);
    clearTimeout(cut);
  }

  async #upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): Promise<void> {
    const open = await this.#openerFor(request);
    this.#sockets.handleUpgrade(request, connection, head, (socket) => {
      // ws closes the socket with the fitting code (1002, 1007, 1009); nothing is left to do.
      socket.on('error', () => {});
      try {
        open(socket);
      } catch (error) {
        if (!(error instanceof SightlineError)) this.#context.log.error({ err: error }, 'Upgrade failed.');
        refuseSocket(socket, error);
      }
    });
  }

  /** Returns what to do after the handshake; for a refused request, a function that throws the reason. */
  async #openerFor(request: IncomingMessage): Promise<Opener> {
    try {
      const { headers } = request;
      checkUrlLength(request.url ?? '');
      this.#gate.checkHost(headers);
      this.#gate.checkOrigin(headers);
      const { pathname, ticket, query } = parseTarget(request.url ?? '/');
      const address = request.socket.remoteAddress ?? '';
      const caller = await this.#gate.admit({ headers, address, ticket });
      requireRole(caller, 'viewer');
      const open = this.#route(pathname, query, caller);
      return (socket) => {
        this.#watch(socket);
        open(socket);
      };
    } catch (error) {
      return () => {
        throw error;
      };
    }
  }

  #route(pathname: string, query: Query, caller: Caller): Opener {
    if (pathname === '/ws/events') {
      const filter = parsePart(eventStreamQuery, query, 'querystring');
      for (const id of filter.camera) requireCamera(this.#context.services.cameras, id);
      return (socket) => this.#events.open(socket, filter, caller);
    }
    const id = /^\/ws\/video\/([^/]+)$/.exec(pathname)?.[1];
    if (id === undefined) {
      throw new SightlineError(
        'ROUTE_NOT_FOUND',
        `There is no such WebSocket; received ${excerpt(pathname)}.`,
      );
    }
    const camera = requireCamera(this.#context.services.cameras, id);
    const wish = parsePart(streamQuery, query, 'querystring');
    return (socket) => openVideo(socket, camera, wish, this.#context);
  }

  /** Closes a socket that sends a message or stops answering pings. */
  #watch(socket: WebSocket): void {
    let isAlive = true;
    const forget = this.#heartbeat.watch({
      beat: () => {
        const wasAlive = isAlive;
        isAlive = false;
        socket.ping(() => {});
        return wasAlive;
      },
      kill: () => socket.terminate(),
    });
    socket.on('pong', () => {
      isAlive = true;
    });
    socket.once('message', () => socket.close(closeCodes.unsupportedData, 'Clients must not send messages.'));
    socket.once('close', forget);
  }
}

interface Target {
  readonly pathname: string;
  /** Taken out of the query. */
  readonly ticket: string | undefined;
  readonly query: Query;
}

/** @throws SightlineError REQUEST_INVALID for a target that is not a URL or is wrongly encoded */
function parseTarget(target: string): Target {
  try {
    const url = new URL(target, 'http://localhost');
    const ticket = url.searchParams.get('ticket') ?? undefined;
    url.searchParams.delete('ticket');
    return { pathname: decodeURIComponent(url.pathname), ticket, query: queryOf(url.searchParams) };
  } catch {
    throw new SightlineError('REQUEST_INVALID', 'The request target is not a valid URL.');
  }
}
