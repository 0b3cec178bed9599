import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import { onTestFinished } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { StoredEvents } from '../../../src/services/events.js';
import type { Person } from '../../../src/core/face.js';
import { EventPublisher } from '../../../src/events/event-publisher.js';
import { createLogger } from '../../../src/observability/logger.js';
import { Metrics } from '../../../src/observability/metrics.js';
import { createServer } from '../../../src/server/server.js';
import type { ServerOptions } from '../../../src/server/server-options.js';
import type { Services } from '../../../src/services/services.js';
import type { Storage } from '../../../src/core/storage.js';
import { openStorage } from '../../../src/storage/open-storage.js';
import { FakeCamera } from '../../helpers/fake-camera.js';
import { recordEvents } from '../../helpers/record-events.js';
import { audrey, franck } from '../../unit/events/track-report.js';

const webDir = fileURLToPath(new URL('../../../web', import.meta.url));
const clientDir = fileURLToPath(new URL('../../../packages/client/dist', import.meta.url));

export type StartOptions = Partial<Omit<ServerOptions, 'services' | 'publisher'>> & {
  readonly services?: Partial<Services>;
  readonly cameras?: readonly FakeCamera[];
  /** Who is in the gallery: events leave out whoever is not. */
  readonly people?: readonly Person[];
  /** In place of a new file. */
  readonly store?: Storage;
  /** Of events; milliseconds since the epoch. */
  readonly now?: () => number;
  /** Of an admin; nobody needs one when left out. */
  readonly token?: string;
};

/** A gallery's file with these people, closed and gone when the test is over. */
async function openStore(people: readonly Person[]): Promise<Storage> {
  const folder = mkdtempSync(join(tmpdir(), 'sightline-server-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const store = await openStorage({ data: folder });
  onTestFinished(() => store.close());
  const database = new Database(join(folder, 'gallery.db'));
  for (const { id, name } of people)
    database.prepare('INSERT INTO persons (id, name, created_at) VALUES (?, ?, 0)').run(id, name);
  database.close();
  return store;
}

const fail = (error: unknown): never => {
  throw error;
};

/** A publisher of events that must all be stored. */
export async function openPublisher(store: Storage, now = Date.now): Promise<EventPublisher> {
  const onRecovery = (): void => undefined;
  const told = { onFailure: fail, onRecovery, onListenerError: fail };
  const publisher = await EventPublisher.open({ store: store.events, now, ...told });
  onTestFinished(async () => void (await publisher.close()));
  return publisher;
}

/** The events of a store as the server reads them. */
function openArchive(store: Storage): StoredEvents {
  const recognition = (): never => {
    throw new Error('Expected no recognition to be needed');
  };
  return new StoredEvents({ store, recognition });
}

/** A server on a free port of 127.0.0.1 with one fake camera `door`, closed when the test is over. */
export async function startServer({
  cameras = [new FakeCamera()],
  people = [franck, audrey],
  token,
  now,
  ...options
}: StartOptions = {}) {
  const store = options.store ?? (await openStore(people));
  const publisher = await openPublisher(store, now);
  const publish = recordEvents(publisher, store.events);
  const events = options.services?.events ?? openArchive(store);
  const metrics = new Metrics(
    () => cameras.map((camera) => camera.status()),
    () => 0,
    () => publisher.status,
  );
  const server = await createServer({
    host: '127.0.0.1',
    port: 0,
    tokens: token === undefined ? [] : [{ name: 'owner', token, role: 'admin' }],
    corsOrigins: [],
    rateLimit: null,
    publisher,
    metrics,
    ready: () => ({ ready: true, reasons: [], cameras: { total: 0, online: 0 }, embeddingAgain: null }),
    webDir,
    clientDir,
    version: '0.0.0-test',
    log: createLogger({ level: 'silent', redact: (text) => text }),
    uploads: { maxBytes: 2 ** 20, queueLimit: 8 },
    ...options,
    services: {
      cameras: {
        list: () => cameras,
        get: (id: string) => cameras.find((camera) => camera.status().id === id),
      },
      ...options.services,
      events,
    } as unknown as Services,
  });
  onTestFinished(() => server.close());
  const { url } = await server.listen();
  const [camera = new FakeCamera()] = cameras;
  return { server, url, publisher, publish, events, store, metrics, cameras, camera };
}

/** A WebSocket client that keeps every message. */
export class Client {
  readonly socket: WebSocket;
  readonly messages: { readonly data: Buffer; readonly isBinary: boolean }[] = [];
  readonly closed: Promise<number>;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, isBinary) => this.messages.push({ data, isBinary }));
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
  }

  /** Resolves when the handshake is done; a refusal comes after it, as a close. */
  static async open(url: string, path: string, options: ClientOptions = {}): Promise<Client> {
    const socket = new WebSocket(url.replace('http', 'ws') + path, options);
    const client = new Client(socket);
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    return client;
  }

  /** Resolves when this many messages have come in all. */
  async received(count: number): Promise<void> {
    while (this.messages.length < count) await once(this.socket, 'message');
  }

  get texts(): string[] {
    return this.messages.map(({ data }) => data.toString());
  }
}

/** How a WebSocket request ends: `open`, or the close code and the reason with which it is refused. */
export async function handshake(url: string, path: string, options: ClientOptions = {}) {
  const socket = new WebSocket(url.replace('http', 'ws') + path, options);
  onTestFinished(() => socket.terminate());
  return new Promise<{ code: number | 'open'; reason: string }>((resolve, reject) => {
    // A refusal comes with the handshake; the answer to a ping, in order, comes after it.
    socket.once('open', () => socket.ping());
    socket.once('pong', () => resolve({ code: 'open', reason: '' }));
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    socket.once('error', reject);
  });
}

/** Resolves when the condition holds; looks again whenever the event loop has turned. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
