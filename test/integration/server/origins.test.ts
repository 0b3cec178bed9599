import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { cameraOnline } from '../../../src/events/build-event.js';
import { firstEventId } from '../../../src/events/event-id.js';
import { launchBrowser, openPage as openPageOf } from '../../helpers/browser.js';
import { startOtherSite } from '../../helpers/other-site.js';
import { handshake, startServer } from './start-server.js';

const token = 'correct-horse-battery';
const viewer = { name: 'hall', token: 'a-token-for-the-hall', role: 'viewer' } as const;
const portal = 'https://portal.example';

function post(url: string, headers: Record<string, string>) {
  return fetch(`${url}/v1/tickets`, { method: 'POST', headers });
}

describe('a request that changes something', () => {
  it('is refused from a page of another origin, whatever it brings', async () => {
    for (const { url } of [await startServer(), await startServer({ token })]) {
      const foreign = [
        { origin: 'http://evil.example' },
        { origin: 'null' },
        { origin: 'http://127.0.0.1:1' },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
      ];
      for (const headers of foreign) {
        const response = await post(url, { ...headers, cookie: `sightline_token=${token}` });
        expect(response.status).toBe(403);
        expect(await response.json()).toMatchObject({ code: 'FORBIDDEN_ORIGIN' });
      }
    }
  });

  it('passes from the page itself, and from a program', async () => {
    const { url } = await startServer({ token });
    for (const headers of [{ origin: url }, { 'sec-fetch-site': 'same-origin' }, {}]) {
      expect((await post(url, { ...headers, cookie: `sightline_token=${token}` })).status).toBe(201);
    }
  });
});

describe('CORS', () => {
  const preflight = (url: string, origin: string) =>
    fetch(`${url}/v1/tickets`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    });

  it('is off unless it is set', async () => {
    const { url } = await startServer();
    const asked = await preflight(url, portal);
    expect(asked.status).toBe(404);
    const read = await fetch(`${url}/v1/cameras`, { headers: { origin: portal } });
    for (const { headers } of [asked, read]) {
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    }
  });

  it('lets the origins named in, on errors and streams too, and no others', async () => {
    const { url, camera } = await startServer({ token, corsOrigins: [portal] });
    await camera.emit();
    const asked = await preflight(url, portal);
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(portal);
    expect(asked.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(
      (await preflight(url, 'http://evil.example')).headers.get('access-control-allow-origin'),
    ).toBeNull();
    const authorization = `Bearer ${token}`;
    for (const path of ['/v1/cameras', '/v1/cameras/door/stream.mjpeg', '/v1/nothing']) {
      for (const credentials of [{ authorization }, { authorization: 'Bearer no' }]) {
        const abort = new AbortController();
        const { signal } = abort;
        const { headers } = await fetch(url + path, { headers: { origin: portal, ...credentials }, signal });
        expect(headers.get('access-control-allow-origin')).toBe(portal);
        expect(headers.get('access-control-allow-credentials')).toBeNull();
        expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
        expect(headers.get('vary')).toContain('Origin');
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        abort.abort();
      }
    }
    expect((await post(url, { origin: portal, authorization })).status).toBe(201);
    expect((await post(url, { origin: 'http://evil.example', authorization })).status).toBe(403);
    const headers = { authorization };
    expect((await handshake(url, '/ws/events', { headers, origin: portal })).code).toBe('open');
    expect((await handshake(url, '/ws/events', { headers, origin: `${portal}:1` })).code).toBe(4403);
  });
});

describe('a ticket', () => {
  it('opens one WebSocket, and nothing else', async () => {
    const { url } = await startServer({ tokens: [viewer] });
    const response = await post(url, { 'x-api-key': viewer.token });
    expect(response.headers.get('cache-control')).toBe('no-store');
    const { ticket, expiresAt } = (await response.json()) as { ticket: string; expiresAt: string };
    const lifetimeMs = Date.parse(expiresAt) - Date.now();
    expect(lifetimeMs).toBeGreaterThan(0);
    expect(lifetimeMs).toBeLessThanOrEqual(30_000);
    expect((await fetch(`${url}/v1/cameras?ticket=${ticket}`)).status).toBe(401);
    expect((await fetch(`${url}/v1/cameras`, { headers: { 'x-api-key': ticket } })).status).toBe(401);
    expect((await handshake(url, `/ws/events?ticket=${ticket}&camera=door`)).code).toBe('open');
    expect((await handshake(url, `/ws/events?ticket=${ticket}`)).code).toBe(4401);
  });

  it('shows one picture or stream of a camera, and does not show it again', async () => {
    const { url, camera } = await startServer({ tokens: [viewer] });
    await camera.emit();
    const newTicket = async () =>
      ((await (await post(url, { 'x-api-key': viewer.token })).json()) as { ticket: string }).ticket;
    for (const path of [
      '/v1/cameras/door/latest.jpg?width=160',
      '/v1/cameras/door/stream.mjpeg?fps=5',
      '/api/door/latest.jpg?h=90',
    ]) {
      const target = `${url}${path}&ticket=${await newTicket()}`;
      const abort = new AbortController();
      const statuses = [(await fetch(target, abort)).status, (await fetch(target, abort)).status];
      abort.abort();
      expect([path, ...statuses]).toEqual([path, 200, 401]);
      expect((await fetch(`${url}${path}&ticket=1&ticket=${await newTicket()}`)).status).toBe(401);
    }
  });

  it('is given to nobody without a token', async () => {
    const { url } = await startServer({ tokens: [viewer] });
    expect((await post(url, {})).status).toBe(401);
  });

  it('is no mistake where none is needed', async () => {
    const { url } = await startServer();
    const { ticket } = (await (await post(url, {})).json()) as { ticket: string };
    expect((await handshake(url, `/ws/events?ticket=${ticket}`)).code).toBe('open');
    expect((await handshake(url, '/ws/events?ticket=anything')).code).toBe('open');
    const abort = new AbortController();
    expect((await fetch(`${url}/v1/cameras/door/stream.mjpeg?ticket=anything`, abort)).status).toBe(200);
    abort.abort();
  });
});

describe('in a browser, a page of another site', { tags: ['chromium'] }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  async function openPage(address: string) {
    const page = await openPageOf(browser);
    onTestFinished(() => page.close());
    await page.goto(address);
    return page;
  }

  it('changes nothing on a server on this machine that asks for no token', async () => {
    const { url } = await startServer();
    const page = await openPage(await startOtherSite());
    const sent = `fetch('${url}/v1/tickets', { method: 'POST', mode: 'no-cors', body: 'x' })`;
    expect(await page.evaluate(`${sent}.then(() => 'sent', () => 'refused')`)).toBe('refused');
    const answered = page.waitForResponse(`${url}/v1/tickets`);
    await page.evaluate(`{
      const form = document.createElement('form');
      form.action = '${url}/v1/tickets';
      form.method = 'post';
      form.enctype = 'multipart/form-data';
      document.body.append(form);
      form.submit();
    }`);
    expect((await answered).status()).toBe(403);
    const own = await openPage(url);
    expect(await own.evaluate(`fetch('/v1/tickets', { method: 'POST' }).then(({ status }) => status)`)).toBe(
      201,
    );
  });

  it('reads nothing, and learns only why its WebSocket was closed', async () => {
    const { url, camera } = await startServer();
    await camera.emit();
    const page = await openPage(await startOtherSite());
    const read = await page.evaluate(`fetch('${url}/v1/cameras').then(() => 'read', () => 'refused')`);
    expect(read).toBe('refused');
    const image = await page.evaluate(`new Promise((resolve) => {
      const image = new Image();
      image.onload = () => resolve('shown');
      image.onerror = () => resolve('refused');
      image.src = '${url}/v1/cameras/door/latest.jpg';
    })`);
    expect(image).toBe('refused');
    const closed = await page.evaluate(`new Promise((resolve) => {
      const socket = new WebSocket('${url.replace('http', 'ws')}/ws/events');
      socket.onmessage = () => resolve('data');
      socket.onclose = ({ code, reason }) => resolve({ code, reason });
    })`);
    expect(closed).toEqual({
      code: 4403,
      reason: expect.stringMatching(/^FORBIDDEN_ORIGIN: Expected an origin on /) as string,
    });
  });

  it('that is allowed uses the client with a token, and tickets for WebSockets', async () => {
    const site = await startOtherSite();
    const { url, publish } = await startServer({ tokens: [viewer], corsOrigins: [site] });
    const published = await Promise.all(
      Array.from({ length: 20 }, () => publish(cameraOnline({ id: 'door', name: 'Door' }))),
    );
    const page = await openPage(site);
    // The client is a part of the page's program; here it comes from the package instead of its bundle.
    await page.route(`${site}/client/*`, async (route) => {
      const path = new URL(route.request().url()).pathname;
      const headers = { authorization: `Bearer ${viewer.token}` };
      await route.fulfill({ response: await route.fetch({ url: url + path, headers }) });
    });
    const run = (secret: string) =>
      page.evaluate(`import('/client/index.js').then(async ({ connect }) => {
        const ids = [];
        const events = connect({ url: '${url}', token: '${secret}', since: '${firstEventId}' });
        for await (const { id } of events) if (ids.push(id) === 20) break;
        return ids;
      }).catch(({ name, code }) => ({ name, code }))`);
    expect(await run(viewer.token)).toEqual(published.map(({ id }) => id));
    expect(await run('wrong')).toEqual({ name: 'RefusedError', code: 'UNAUTHORIZED' });
    const refused = await page.evaluate(`import('/client/index.js').then(({ watch }) =>
      watch({ url: '${url}', token: '${viewer.token}', camera: 'door', width: 1 }).next()
    ).catch(({ code, message }) => ({ code, message }))`);
    expect(refused).toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringContaining('width') as string,
    });
  });
});
