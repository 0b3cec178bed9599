import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { handshake, startServer } from './start-server.js';

const token = 'correct-horse-battery';
const hall = { name: 'hall', token: 'a-token-for-the-hall', role: 'viewer' } as const;
const yard = { name: 'yard', token: 'a-token-for-the-yard', role: 'viewer' } as const;

/** Any of 127.0.0.0/8 is this machine, so one machine can be several clients. */
function get(url: string, path: string, headers: Record<string, string> = {}, localAddress = '127.0.0.1') {
  return new Promise<{ status: number; retryAfter: string | undefined; body: string }>((resolve, reject) => {
    const call = request(new URL(path, url), { headers, localAddress }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], body }),
      );
    });
    call.on('error', reject);
    call.end();
  });
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const wrong = bearer('wrong');

describe('requests', () => {
  it('of one token are limited, HTTP and WebSocket together, wherever they come from', async () => {
    const { url } = await startServer({ tokens: [hall, yard], rateLimit: 4 });
    expect((await get(url, '/v1/cameras', bearer(hall.token))).status).toBe(200);
    expect((await get(url, '/', bearer(hall.token))).status).toBe(200);
    expect((await handshake(url, '/ws/events', { headers: bearer(hall.token) })).code).toBe('open');
    expect((await get(url, '/v1/cameras', bearer(hall.token), '127.0.0.2')).status).toBe(200);
    const refused = await get(url, '/v1/cameras', bearer(hall.token));
    expect(refused.status).toBe(429);
    expect(Number(refused.retryAfter)).toBeGreaterThan(0);
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
    expect(await handshake(url, '/ws/events', { headers: bearer(hall.token) })).toEqual({
      code: 4429,
      reason: expect.stringMatching(/^RATE_LIMITED: .*try again in \d+ s\.$/) as string,
    });
    expect((await get(url, '/v1/cameras', bearer(yard.token))).status).toBe(200);
  });

  it('without a token are limited by address; health checks are not', async () => {
    const { url } = await startServer({ rateLimit: 2 });
    for (let i = 0; i < 3; i += 1) {
      expect((await get(url, '/healthz')).status).toBe(200);
      expect((await get(url, '/readyz')).status).toBe(200);
    }
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await get(url, '/v1/cameras')).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await get(url, '/v1/cameras', {}, '127.0.0.2')).status).toBe(200);
  });

  it('that are refused are counted too', async () => {
    const { url } = await startServer({ token, rateLimit: 2 });
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await get(url, '/v1/cameras')).status);
    expect(statuses).toEqual([401, 401, 429]);
    expect((await get(url, '/v1/cameras', bearer(token))).status).toBe(200);
  });
});

describe('wrong tokens', () => {
  it('close an address for a while, for right ones that are new there as well', async () => {
    const { url } = await startServer({ token });
    for (let i = 0; i < 10; i += 1) expect((await get(url, '/v1/cameras', wrong)).status).toBe(401);
    for (const headers of [wrong, bearer(token)]) {
      const refused = await get(url, '/v1/cameras', headers);
      expect(refused.status).toBe(429);
      expect(Number(refused.retryAfter)).toBeGreaterThan(0);
    }
    expect((await handshake(url, '/ws/events', { headers: bearer(token) })).code).toBe(4429);
    expect((await get(url, `/?token=${token}`)).status).toBe(429);
    const page = await get(url, `/?token=${token}`, { accept: 'text/html' });
    expect([page.status, Number(page.retryAfter) > 0]).toEqual([429, true]);
    expect(page.body).toMatch(/<p role="alert">.*try again in \d+ s/);
    expect((await get(url, '/v1/cameras', bearer(token), '127.0.0.2')).status).toBe(200);
    // Who brings none has not guessed.
    expect((await get(url, '/v1/cameras')).status).toBe(401);
  });

  it('lock out nobody who has come from there before', async () => {
    const { url } = await startServer({ tokens: [hall, yard] });
    expect((await get(url, '/v1/cameras', bearer(hall.token))).status).toBe(200);
    for (let i = 0; i < 12; i += 1) await get(url, '/v1/cameras', wrong);
    expect((await get(url, '/v1/cameras', bearer(hall.token))).status).toBe(200);
    expect((await get(url, '/v1/cameras', bearer(yard.token))).status).toBe(429);
  });

  it('may be tickets', async () => {
    const { url } = await startServer({ token });
    for (let i = 0; i < 10; i += 1) expect((await handshake(url, '/ws/events?ticket=no')).code).toBe(4401);
    expect((await handshake(url, '/ws/events?ticket=no')).code).toBe(4429);
  });
});
