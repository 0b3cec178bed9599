import fastifyCookie from '@fastify/cookie';
import { fastify } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { describe, expect, it, onTestFinished } from 'vitest';
import { roles } from '../../../src/core/roles.js';
import { guardRoutes } from '../../../src/server/access/access-hook.js';
import { Gate } from '../../../src/server/access/gate.js';

const tokens = roles.map((role) => ({ name: role, token: `the-token-of-the-${role}`, role }));

async function guardedApp() {
  const app = fastify().withTypeProvider<ZodTypeProvider>();
  onTestFinished(() => app.close());
  await app.register(fastifyCookie);
  const limits = { requestsPerMinute: null, wrongTokensPerMinute: 10 };
  const parseCookie = (header: string) => app.parseCookie(header);
  await guardRoutes(
    app,
    new Gate({ tokens, corsOrigins: [], limits, parseCookie, onWrongToken: () => undefined }),
    [],
  );
  return app;
}

describe('roles', () => {
  it('may what those before them may, and are told what they lack', async () => {
    const app = await guardedApp();
    app.get('/unsaid', (request) => request.caller);
    for (const role of roles) app.post(`/${role}`, { config: { role } }, (request) => request.caller);
    const url = await app.listen();
    const ask = async (method: string, path: string, role: string) => {
      const headers = { authorization: `Bearer the-token-of-the-${role}` };
      const response = await fetch(url + path, { method, headers });
      return { status: response.status, body: (await response.json()) as { message?: string } };
    };
    for (const [rank, role] of roles.entries()) {
      expect(await ask('GET', '/unsaid', role)).toEqual({ status: 200, body: { name: role, role } });
      for (const [needed, route] of roles.entries()) {
        const { status } = await ask('POST', `/${route}`, role);
        expect([role, route, status]).toEqual([role, route, rank >= needed ? 200 : 403]);
      }
    }
    expect((await ask('POST', '/operator', 'viewer')).body.message).toBe(
      'Expected a token with the role operator or admin but received one with the role viewer.',
    );
  });

  it('come with the token of the path where a route says so', async () => {
    const app = await guardedApp();
    const config = { role: 'operator', tokenParam: 'key' } as const;
    app.get('/with/:key', { config }, (request) => request.caller);
    const url = await app.listen();
    const statusWith = async (key: string, headers = {}) =>
      (await fetch(`${url}/with/${key}`, { headers })).status;
    expect(await statusWith('the-token-of-the-operator')).toBe(200);
    expect(await statusWith('the-token-of-the-viewer')).toBe(403);
    expect(await statusWith('another')).toBe(401);
    expect(await statusWith('another', { 'x-api-key': 'the-token-of-the-admin' })).toBe(200);
  });

  it('are said by every route that changes something', async () => {
    const app = await guardedApp();
    const handler = () => ({});
    expect(() => app.post('/things', handler)).toThrow('The route POST /things has no role.');
    expect(() => app.route({ method: ['GET', 'DELETE'], url: '/things', handler })).toThrow(
      /DELETE \/things/,
    );
    await expect(
      app.register(async (inner) => {
        await Promise.resolve();
        inner.put('/things', handler);
      }),
    ).rejects.toThrow(/PUT \/things/);
  });
});
