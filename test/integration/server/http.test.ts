import { once } from 'node:events';
import { connect } from 'node:net';
import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import { errorCatalogue, SightlineError } from '../../../src/core/errors.js';
import { cameraOnline } from '../../../src/events/build-event.js';
import { createLogger } from '../../../src/observability/logger.js';
import type { PeopleService } from '../../../src/services/services.js';
import { FakeCamera } from '../../helpers/fake-camera.js';
import { Client, startServer, until } from './start-server.js';

describe('cameras', () => {
  it('are listed and told one by one, with times in ISO 8601', async () => {
    const { url, camera } = await startServer();
    const status = { ...camera.status(), since: '2026-11-01T00:00:00.000Z' };
    expect(await (await fetch(`${url}/v1/cameras`)).json()).toEqual({ cameras: [status] });
    expect(await (await fetch(`${url}/v1/cameras/door`)).json()).toEqual(status);
  });

  it('give their newest picture', async () => {
    const { url, camera } = await startServer();
    await camera.emit();
    const response = await fetch(`${url}/v1/cameras/door/latest.jpg?width=160`);
    expect(response.headers.get('content-type')).toBe('image/jpeg');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-sequence')).toBe('1');
    const picture = await sharp(Buffer.from(await response.arrayBuffer())).metadata();
    expect(picture).toMatchObject({ format: 'jpeg', width: 160, height: 90 });
  });

  it('stream MJPEG: parts with a length, each a JPEG', async () => {
    const { url, camera } = await startServer();
    const controller = new AbortController();
    const response = await fetch(`${url}/v1/cameras/door/stream.mjpeg?width=160&overlay=off`, controller);
    expect(response.headers.get('content-type')).toBe('multipart/x-mixed-replace; boundary=frame');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(camera.watched).toEqual([{ width: 160, overlay: false }]);
    await camera.emit();
    await camera.emit();
    const parts = await readParts(response, 2);
    for (const part of parts)
      expect(await sharp(part).metadata()).toMatchObject({ format: 'jpeg', width: 160 });
    expect(parts[0]).not.toEqual(parts[1]);
    controller.abort();
    await until(() => camera.watched.length === 0);
  });

  it('keep memory flat for an MJPEG client that does not read, and cut it in the end', async () => {
    const camera = new FakeCamera({ width: 1280, height: 720, noise: true });
    const limits = { pictureBudgetBytes: 512 * 1024, heartbeatMs: 300 };
    const { url, metrics } = await startServer({ cameras: [camera], limits });
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.pause();
    socket.write(`GET /v1/cameras/door/stream.mjpeg HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    await until(() => camera.watched.length === 1);
    const memoryBefore = process.memoryUsage().arrayBuffers;
    while (camera.watched.length > 0) await camera.emit();
    expect(process.memoryUsage().arrayBuffers - memoryBefore).toBeLessThan(40e6);
    expect(await metrics.expose()).toMatch(/viewer_frames_dropped_total\{camera="door",kind="mjpeg"\} \d+/);
    socket.destroy();
  });
});

/** The bodies of the first parts of a multipart answer, by their Content-Length. */
async function readParts(response: Response, count: number): Promise<Buffer[]> {
  let bytes = Buffer.alloc(0);
  const parts: Buffer[] = [];
  for await (const chunk of response.body ?? []) {
    bytes = Buffer.concat([bytes, chunk as Uint8Array]);
    for (;;) {
      const head = /^--frame\r\nContent-Type: image\/jpeg\r\nContent-Length: (\d+)\r\n(?:.+\r\n)*\r\n/.exec(
        bytes.toString('latin1'),
      );
      if (head === null) break;
      const end = head[0].length + Number(head[1]);
      if (bytes.length < end + 2) break;
      expect(bytes.toString('latin1', end, end + 2)).toBe('\r\n');
      parts.push(bytes.subarray(head[0].length, end));
      bytes = bytes.subarray(end + 2);
      if (parts.length === count) return parts;
    }
  }
  throw new Error('expected more parts');
}

describe('problem documents', () => {
  const cases = [
    { path: '/v1/cameras/nobody', code: 'CAMERA_NOT_FOUND', detail: /no camera with the id "nobody"/ },
    {
      path: '/v1/cameras/nobody/latest.jpg',
      code: 'CAMERA_NOT_FOUND',
      detail: /no camera with the id "nobody"/,
    },
    { path: '/v1/cameras/door/latest.jpg', code: 'CAMERA_NO_FRAME', detail: /none came/ },
    {
      path: '/v1/cameras/door/stream.mjpeg?fps=0',
      code: 'REQUEST_INVALID',
      detail: /fps: expected at least 0.1/,
    },
    { path: '/v1/cameras/door/latest.jpg?fps=5', code: 'REQUEST_INVALID', detail: /fps: no such option/ },
    { path: '/v1/events?limit=0&type=x', code: 'REQUEST_INVALID', detail: /type\[0\]: .*; limit: / },
    { path: '/v1/events?cursor=1', code: 'REQUEST_INVALID', detail: /cursor: expected `next` .* "1"/ },
    { path: '/v1/events/01', code: 'EVENT_NOT_FOUND', detail: /received "01"/ },
    { path: '/v1/events/01/snapshot.jpg', code: 'EVENT_NOT_FOUND', detail: /received "01"/ },
    { path: '/v1/nothing', code: 'ROUTE_NOT_FOUND', detail: /received GET \/v1\/nothing\.$/ },
    { path: '/nothing.html?secret=1', code: 'ROUTE_NOT_FOUND', detail: /received GET \/nothing.html\.$/ },
  ] as const;

  it.each(cases)('$path → $code', async ({ path, code, detail }) => {
    const { url } = await startServer();
    const response = await fetch(url + path);
    const { status, remedy } = errorCatalogue[code];
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    const problem = (await response.json()) as { detail: string };
    expect(problem).toMatchObject({ type: `urn:sightline:error:${code}`, status, code, remedy });
    expect(problem.detail).toMatch(detail);
  });

  it('say of a route that is not there that it is not there, whatever the body', async () => {
    const { url } = await startServer();
    for (const path of ['/v1/nothing', '/api/nothing', '/api/v1/nothing'])
      for (const body of ['text', new URLSearchParams({ a: 'b' }), formOf({ name: 'Ann' }), '{'])
        expect((await fetch(url + path, { method: 'POST', body })).status).toBe(404);
  });

  it('keep the message of a defect to themselves', async () => {
    const camera = new FakeCamera();
    camera.latest = () => Promise.reject(new Error('rtsp://user:secret@camera'));
    const { url } = await startServer({ cameras: [camera] });
    const response = await fetch(`${url}/v1/cameras/door/latest.jpg`);
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).toContain('"code":"INTERNAL"');
    expect(text).not.toContain('secret');
  });

  it('are logged when they are our fault, whichever API was asked, and without the address', async () => {
    const log = createLogger({ level: 'silent', redact: (text) => text });
    const logged = vi.spyOn(log, 'error');
    const list = () => Promise.reject(new SightlineError('DATA_UNWRITABLE', 'Expected room on the disk.'));
    const { url } = await startServer({ log, services: { people: { list } as unknown as PeopleService } });
    const routes = ['/v1/people', '/api/v1/recognition/subjects', '/api/faces'];
    for (const route of routes) expect((await fetch(`${url}${route}?token=secret`)).status).toBe(500);
    const fields = logged.mock.calls.map(([first]) => first);
    expect(fields).toMatchObject(routes.map((route) => ({ route, err: { code: 'DATA_UNWRITABLE' } })));
    expect(JSON.stringify(fields)).not.toContain('secret');
  });

  it('answer a request that the HTTP layer refuses with its status', async () => {
    const { url } = await startServer();
    const post = async (body: string) => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(`${url}/v1/cameras`, { method: 'POST', headers, body })).json();
    };
    expect(await post('x'.repeat(70_000))).toMatchObject({ status: 413, code: 'REQUEST_TOO_LARGE' });
    expect(await post('{')).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect(await post('{}')).toMatchObject({
      status: 400,
      detail: expect.stringContaining('url: ') as string,
    });
  });
});

function formOf(fields: Readonly<Record<string, string>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}

describe('a body', () => {
  it.each([
    ['application/x-www-form-urlencoded', '{"name": "Ann"}'],
    ['text/plain', '{"name": "Ann"}'],
    ['no Content-Type', new TextEncoder().encode('{"name": "Ann"}')],
    [expect.stringContaining('multipart/form-data'), formOf({ name: 'Ann' })],
  ])('that is no JSON is refused with what is wanted: %s', async (type, body) => {
    const { url } = await startServer();
    const headers: Record<string, string> =
      typeof body === 'string' ? { 'content-type': type as string } : {};
    const response = await fetch(`${url}/v1/people`, { method: 'POST', headers, body });
    expect(response.status).toBe(415);
    const { code, detail } = (await response.json()) as { code: string; detail: string };
    expect(code).toBe('CONTENT_TYPE_UNSUPPORTED');
    expect(/^Expected application\/json but received (.+)\.$/.exec(detail)?.[1]).toEqual(type);
  });

  it('may be empty where none is wanted, whatever its type says', async () => {
    const { url } = await startServer({ services: { people: { erase: () => Promise.resolve() } as never } });
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${url}/v1/people/ann`, { method: 'DELETE', headers })).status).toBe(204);
    const named = await fetch(`${url}/v1/people`, { method: 'POST', headers });
    expect(await named.json()).toMatchObject({
      detail: expect.stringContaining('expected an object') as string,
    });
  });
});

describe('health', () => {
  it('says that the process answers, and whether it is ready and why not', async () => {
    const readiness = {
      ready: false,
      reasons: ['models are loading'],
      cameras: { total: 2, online: 1 },
      embeddingAgain: { embedder: 'dlib', embedded: 3, failed: 1, total: 9 },
    };
    const { url } = await startServer({ ready: () => readiness });
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok', version: '0.0.0-test' });
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual(readiness);
  });

  it('exposes metrics of cameras, viewers, events and the process', async () => {
    const { url, publish, camera } = await startServer();
    camera.set({ faces: 2, dropped: { pool: 0, encode: 3, search: 0, idle: 0, unmatched: 0 } });
    await camera.emit();
    await publish(cameraOnline({ id: 'door', name: 'Front door' }));
    await Client.open(url, '/ws/video/door');
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const lines = (await response.text()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'sightline_camera_up{camera="door"} 1',
        'sightline_faces_in_view{camera="door"} 2',
        'sightline_frames_total{camera="door"} 1',
        'sightline_frames_dropped_total{camera="door",cause="encode"} 3',
        'sightline_viewers{kind="video"} 1',
        'sightline_events_total{type="sightline.camera.online"} 1',
      ]),
    );
    expect(lines.some((line) => line.startsWith('process_resident_memory_bytes'))).toBe(true);
    expect(lines.filter((line) => /^# TYPE \w+_total (?!counter$)/.test(line))).toEqual([]);
  });
});

describe('the page', () => {
  it('is served with headers that let it load nothing from elsewhere', async () => {
    const { url } = await startServer();
    const response = await fetch(url);
    expect(response.headers.get('content-type')).toContain('text/html');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const html = await response.text();
    const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
    expect(assets.length).toBeGreaterThan(1);
    for (const path of assets) expect((await fetch(new URL(path, url))).status).toBe(200);
  });

  it('gives nothing outside its folder', async () => {
    const { url } = await startServer();
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.end(`GET /../package.json HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 40[034]/);
  });
});

describe('listening and closing', () => {
  it('says when the port is taken', async () => {
    const { url } = await startServer();
    await expect(startServer({ port: Number(new URL(url).port) })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
    });
  });

  it('says when the address is none of this machine', async () => {
    const attempt = startServer({ host: '192.0.2.1', token: 'secret' });
    await expect(attempt).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
  });

  it('refuses an address that others can reach without a token', async () => {
    await expect(startServer({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('says goodbye with 1001, cuts those who do not answer, and can be closed again', async () => {
    const { url, server, camera } = await startServer();
    const events = await Client.open(url, '/ws/events');
    const deaf = await Client.open(url, '/ws/video/door');
    deaf.socket.pause();
    const stream = await fetch(`${url}/v1/cameras/door/stream.mjpeg`);
    await Promise.all([server.close(), server.close()]);
    expect(await events.closed).toBe(1001);
    await until(() => camera.watched.length === 0);
    await expect(stream.arrayBuffer()).rejects.toThrow();
    await expect(fetch(url)).rejects.toThrow();
  });
});
