import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findFfmpeg } from '../../../src/ingest/ffmpeg-binary.js';
import { handshake, startServer } from './start-server.js';

const token = 'correct-horse-battery';

const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;

const guarded = [
  '/',
  '/app.js',
  '/metrics',
  '/v1/cameras',
  '/v1/cameras/door',
  '/v1/cameras/door/latest.jpg',
  '/v1/cameras/door/stream.mjpeg',
  '/v1/events',
  '/v1/nothing',
];
const sockets = ['/ws/events', '/ws/video/door', '/ws/nothing'];

const wrong: Record<string, Record<string, string>> = {
  'no token': {},
  'a wrong bearer token': { authorization: 'Bearer wrong' },
  'the bare token as basic authentication': { authorization: `Basic ${token}` },
  'the token as a user name': { authorization: basic(`${token}:`) },
  'a wrong password': { authorization: basic(`viewer:${token}x`) },
  'the token after another colon': { authorization: basic(`viewer:x:${token}`) },
  'a longer token': { authorization: `Bearer ${token}x` },
  'a wrong key': { 'x-api-key': 'wrong' },
  'an empty key': { 'x-api-key': '' },
  'a wrong cookie': { cookie: 'sightline_token=wrong' },
  'the token in another cookie': { cookie: `token=${token}` },
};
const right: Record<string, Record<string, string>> = {
  'a bearer token': { authorization: `Bearer ${token}` },
  'a password': { authorization: basic(`anybody:${token}`) },
  'a password without a user name': { authorization: basic(`:${token}`) },
  'a key': { 'x-api-key': token },
  'a cookie': { cookie: `other=1; sightline_token=${token}` },
};

/** fetch hides some headers; this one sends what it is given. The answer is dropped after its head. */
function get(url: string, path: string, headers: Record<string, string>) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
    const call = request(new URL(path, url), { headers }, (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
      response.destroy();
    });
    call.on('error', reject);
    call.end();
  });
}

describe('with a token', () => {
  it.each(Object.entries(wrong))('every route but health refuses %s', async (_name, headers) => {
    const { url } = await startServer({ token, limits: { wrongTokensPerMinute: 1000 } });
    for (const path of guarded) expect([path, (await get(url, path, headers)).status]).toEqual([path, 401]);
    for (const path of sockets) {
      const { code, reason } = await handshake(url, path, { headers });
      expect([path, code, reason.split(':')[0]]).toEqual([path, 4401, 'UNAUTHORIZED']);
    }
    for (const path of ['/healthz', '/readyz']) expect((await get(url, path, headers)).status).toBe(200);
  });

  it.each(Object.entries(right))('every route takes %s', async (_name, headers) => {
    const { url, camera } = await startServer({ token });
    await camera.emit();
    for (const path of guarded) {
      expect([path, (await get(url, path, headers)).status]).toEqual([
        path,
        path === '/v1/nothing' ? 404 : 200,
      ]);
    }
    for (const path of sockets) {
      const { code } = await handshake(url, path, { headers });
      expect([path, code]).toEqual([path, path === '/ws/nothing' ? 4404 : 'open']);
    }
  });

  it('moves the token from the link to a cookie that scripts and other sites cannot use', async () => {
    const { url } = await startServer({ token });
    const answer = await fetch(`${url}/?token=${token}`, { redirect: 'manual' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/');
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toContain('HttpOnly');
    expect(cookie).toContain('SameSite=Strict');
    const page = await fetch(url, { headers: { cookie: cookie.split(';')[0] ?? '' } });
    expect(page.status).toBe(200);
  });

  it('sets no cookie for a wrong token, and takes a token in the address nowhere else', async () => {
    const { url } = await startServer({ token });
    const answer = await fetch(`${url}/?token=wrong`, { redirect: 'manual' });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('set-cookie')).toBeNull();
    const elsewhere = await fetch(`${url}/v1/cameras?token=${token}`);
    expect([elsewhere.status, elsewhere.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await handshake(url, `/ws/events?token=${token}`)).code).toBe(4401);
  });

  it('shows a person how to sign in, and a program a problem document', async () => {
    const { url } = await startServer({ token });
    const person = await fetch(url, { headers: { accept: 'text/html,*/*' } });
    expect(person.status).toBe(401);
    expect(await person.text()).toContain('<form action="/" method="get">');
    expect(await (await fetch(url)).json()).toMatchObject({ code: 'UNAUTHORIZED' });
  });
});

describe('players and recorders', () => {
  it('are asked for a password by the routes made for them, and nobody is by others', async () => {
    const { url } = await startServer({ token });
    const asked = ['/v1/cameras/door/latest.jpg', '/v1/cameras/door/stream.mjpeg', '/api/door/latest.jpg'];
    for (const path of asked) {
      const { headers } = await get(url, path, {});
      expect([path, headers['www-authenticate']]).toEqual([path, 'Bearer, Basic realm="Sightline"']);
    }
    for (const path of guarded.filter((name) => !asked.includes(name))) {
      const { headers } = await get(url, path, {});
      expect([path, headers['www-authenticate']]).toEqual([path, 'Bearer']);
    }
  });

  it('such as ffmpeg read pictures with the token as the password in the URL', async () => {
    const { url, camera } = await startServer({ token });
    await camera.emit();
    const stop = camera.play(10);
    onTestFinished(stop);
    const { path } = await findFfmpeg();
    for (const [route, format] of [
      ['latest.jpg', 'mjpeg'],
      ['stream.mjpeg', 'mpjpeg'],
    ] as const) {
      const source = `${url.replace('http://', `http://recorder:${token}@`)}/v1/cameras/door/${route}`;
      const { stdout } = await promisify(execFile)(
        path,
        [
          '-v',
          'error',
          '-f',
          format,
          '-i',
          source,
          '-frames:v',
          '1',
          '-f',
          'rawvideo',
          '-pix_fmt',
          'gray',
          '-',
        ],
        { encoding: 'buffer' },
      );
      expect([route, stdout.length]).toEqual([route, 640 * 360]);
    }
  });
});

describe('every answer', () => {
  it('forbids what a browser should not do with it, and what is not a file is not kept', async () => {
    const { url, camera } = await startServer({ token });
    await camera.emit();
    const headers = { authorization: `Bearer ${token}` };
    const html = { accept: 'text/html' };
    const answers: [string, RequestInit, number, string][] = [
      ['/', { headers }, 200, 'public, max-age=0'],
      ['/style.css', { headers }, 200, 'public, max-age=0'],
      ['/client/index.js', { headers }, 200, 'public, max-age=0'],
      ['/api/docs/static/swagger-ui.css', { headers }, 200, 'public, max-age=0'],
      ['/api/docs', { headers }, 200, 'no-store'],
      ['/api/openapi.json', { headers }, 200, 'no-store'],
      ['/healthz', {}, 200, 'no-store'],
      ['/metrics', { headers }, 200, 'no-store'],
      ['/v1/cameras', { headers }, 200, 'no-store'],
      ['/v1/cameras', { headers, method: 'HEAD' }, 200, 'no-store'],
      ['/v1/cameras/door/latest.jpg', { headers }, 200, 'no-store'],
      ['/v1/cameras/door/stream.mjpeg', { headers }, 200, 'no-store'],
      ['/v1/events?limit=0', { headers }, 400, 'no-store'],
      ['/v1/nothing', { headers, method: 'DELETE' }, 404, 'no-store'],
      ['/v1/cameras', {}, 401, 'no-store'],
      ['/', { headers: html }, 401, 'no-store'],
      [`/?token=${token}`, { redirect: 'manual' }, 303, 'no-store'],
      [
        '/v1/tickets',
        { method: 'POST', headers: { ...headers, origin: 'http://evil.example' } },
        403,
        'no-store',
      ],
      ['/v1/tickets', { method: 'POST', headers, body: 'x' }, 415, 'no-store'],
      [
        '/v1/tickets',
        {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: 'x'.repeat(70_000),
        },
        413,
        'no-store',
      ],
    ];
    for (const [path, init, status, caching] of answers) {
      const abort = new AbortController();
      const response = await fetch(url + path, { ...init, signal: abort.signal });
      const header = (name: string) => response.headers.get(name);
      expect([path, response.status, header('cache-control')]).toEqual([path, status, caching]);
      expect(header('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(header('cross-origin-resource-policy')).toBe('same-origin');
      expect(header('x-content-type-options')).toBe('nosniff');
      expect(header('referrer-policy')).toBe('no-referrer');
      expect(header('strict-transport-security')).toBeNull();
      abort.abort();
    }
  });
});

describe('origins', () => {
  it('opens no WebSocket for a page of another origin, with or without a token', async () => {
    for (const server of [await startServer(), await startServer({ token })]) {
      const headers = { authorization: `Bearer ${token}` };
      const { host } = new URL(server.url);
      const codeFrom = async (origin: string) =>
        (await handshake(server.url, '/ws/events', { headers, origin })).code;
      expect(await codeFrom('http://evil.example')).toBe(4403);
      expect(await codeFrom('null')).toBe(4403);
      expect(await codeFrom(`http://${host}.evil.example`)).toBe(4403);
      expect(await codeFrom('http://127.0.0.1:1')).toBe(4403);
      expect(await codeFrom(`http://${host}`)).toBe('open');
    }
  });
});

describe('without a token', () => {
  const hosts = [
    { host: 'evil.example', passes: false },
    { host: 'localhost.evil.example', passes: false },
    { host: '127.0.0.1.evil.example', passes: false },
    { host: 'localhost@evil.example', passes: false },
    { host: '192.168.1.20:8080', passes: false },
    { host: 'localhost', passes: true },
    { host: 'LOCALHOST:1234', passes: true },
    { host: '127.0.0.1:8080', passes: true },
    { host: '[::1]:8080', passes: true },
  ];
  it.each(hosts)('the host $host passes: $passes', async ({ host, passes }) => {
    const { url } = await startServer();
    expect((await get(url, '/v1/cameras', { host })).status).toBe(passes ? 200 : 403);
    expect((await handshake(url, '/ws/events', { headers: { host } })).code).toBe(passes ? 'open' : 4403);
  });
});
