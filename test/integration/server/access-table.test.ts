import { channel } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SightlineError } from '../../../src/core/errors.js';
import { covers, roles, type Role } from '../../../src/core/roles.js';
import type { Services } from '../../../src/services/services.js';
import { FakeCamera } from '../../helpers/fake-camera.js';
import { handshake, startServer } from './start-server.js';

const tokens = roles.map((role) => ({ name: role, token: `the-token-of-the-${role}`, role }));
const callers = [
  { who: 'nobody', headers: {}, role: null },
  { who: 'a wrong token', headers: { authorization: 'Bearer no-token-of-this-server' }, role: null },
  ...tokens.map(({ name, token, role }) => ({
    who: name,
    headers: { authorization: `Bearer ${token}` },
    role,
  })),
];

/** Routes that need no token. Whoever adds one says so here. */
const forAnybody = ['GET /healthz', 'GET /readyz'];
/** Routes that are no part of the API: the page and its files, the client, and the page of the document. */
const pages = /^GET \/(\*|client\/\*|api\/docs(\/.*)?)?$/;
/** Routes that only say that nothing is there. */
const catchAll = /\/\*$/;

interface Operation {
  /** As `GET /v1/cameras/{id}`. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly role: Role | 'anybody' | undefined;
}

function isUnlisted(name: string): boolean {
  return pages.test(name) || catchAll.test(name);
}

/** Every service says that it is not ready: only who may ask is of interest. */
function unreadyServices(): Partial<Services> {
  const notReady = (): never => {
    throw new SightlineError('NOT_READY', 'Expected nothing of a service.');
  };
  const orNotReady = (service: object): object =>
    new Proxy(service, { get: (target, name): unknown => Reflect.get(target, name) ?? notReady });
  const service = orNotReady({});
  const camera = new FakeCamera();
  const cameras = { list: () => [camera], get: (id: string) => (id === 'door' ? camera : undefined) };
  // The server itself asks for it at its start.
  const events = { newestPosition: () => Promise.resolve(0) };
  const names = ['people', 'strangers', 'pictures', 'naming'] as const;
  return {
    ...(Object.fromEntries(names.map((name) => [name, service])) as unknown as Services),
    cameras: orNotReady(cameras) as unknown as Services['cameras'],
    events: orNotReady(events) as unknown as Services['events'],
  };
}

/** The whole server, and the routes that were registered with it, as `GET /v1/cameras/{id}`. */
async function startWhole() {
  const routes: string[] = [];
  const listen = (message: unknown): void => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ method, url }) => {
      const path = url.replace(/:(\w+)/g, '{$1}').replace(/(?<=.)\/$/, '');
      routes.push(...[method].flat().map((name) => `${name} ${path}`));
    });
  };
  const created = channel('fastify.initialization');
  created.subscribe(listen);
  onTestFinished(() => void created.unsubscribe(listen));
  const limits = { wrongTokensPerMinute: 1_000_000 };
  const server = await startServer({ tokens, limits, services: unreadyServices() });
  created.unsubscribe(listen);
  return { ...server, routes };
}

/** What GET /api/openapi.json lists. */
async function documented(url: string): Promise<Operation[]> {
  const response = await fetch(`${url}/api/openapi.json`, callers.at(-1));
  const { paths } = (await response.json()) as {
    paths: Record<string, Record<string, { 'x-role'?: Operation['role'] }>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([key, { 'x-role': role }]) => {
      const method = key.toUpperCase();
      return { name: `${method} ${path}`, method, path, role };
    }),
  );
}

/** The status of an operation with made-up parameters and no body; an answer without end is not read. */
async function statusOf(url: string, { method, path }: Operation, headers: Record<string, string>) {
  const abort = new AbortController();
  const target = new URL(path.replace(/\{[^}]*\}/g, 'x'), url);
  const { status } = await fetch(target, { method, headers, signal: abort.signal, redirect: 'manual' });
  abort.abort();
  return status;
}

/** What a route for `needed` must answer to somebody with this role; null: anything but 401 and 403. */
function refusal(role: Role | null, needed: Operation['role']): number | null {
  if (needed === 'anybody') return null;
  if (role === null) return 401;
  return covers(role, needed ?? 'viewer') ? null : 403;
}

describe('who may do what', () => {
  it('every route is in the document, or a page', async () => {
    const { url, routes } = await startWhole();
    const listed = (await documented(url)).map(({ name }) => name);
    expect(listed.length).toBeGreaterThan(5);
    const names = routes.filter((name) => !name.startsWith('HEAD '));
    expect(names.filter((name) => !listed.includes(name) && !isUnlisted(name))).toEqual([]);
    expect(listed.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('every route has a role, and only health is for anybody', async () => {
    const { url } = await startWhole();
    const operations = await documented(url);
    for (const { name, role } of operations) expect([...roles, 'anybody'], name).toContain(role);
    expect(operations.filter(({ role }) => role === 'anybody').map(({ name }) => name)).toEqual(forAnybody);
    const changing = operations.filter(({ method }) => !['GET', 'HEAD'].includes(method));
    expect(changing.map(({ name }) => name)).toContain('POST /v1/tickets');
  });

  it.each(callers)('$who: every route of the document', async ({ headers, role }) => {
    const { url } = await startWhole();
    for (const operation of await documented(url)) {
      const status = await statusOf(url, operation, headers);
      const expected =
        refusal(role, operation.role) ?? (expect.toSatisfy((s) => s !== 401 && s !== 403) as number);
      expect([operation.name, status]).toEqual([operation.name, expected]);
    }
  });

  it.each(callers)(
    '$who: the pages, their files and addresses that do not exist',
    async ({ headers, role }) => {
      const { url, routes } = await startWhole();
      const paths = routes
        .filter((name) => pages.test(name))
        .map((name) => name.replace('GET ', '').replace('*', 'browser.js'));
      expect(paths).toContain('/api/docs/static/swagger-initializer.js');
      for (const path of [...paths, '/api/docs/static/swagger-ui.css', '/v1/nothing']) {
        for (const method of ['GET', 'HEAD']) {
          const { status } = await fetch(url + path, { method, headers });
          const expected = role === null ? 401 : (expect.toSatisfy((s) => s !== 401 && s !== 403) as number);
          expect([method, path, status]).toEqual([method, path, expected]);
        }
      }
    },
  );

  it.each(callers)('$who: both WebSockets', async ({ headers, role }) => {
    const { url } = await startWhole();
    for (const path of ['/ws/events', '/ws/video/door']) {
      const { code } = await handshake(url, path, { headers });
      expect([path, code]).toEqual([path, role === null ? 4401 : 'open']);
    }
  });
});
