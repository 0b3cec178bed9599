import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { watch } from '../helpers/connect.js';
import { EventStream, videoFrames } from '../helpers/event-stream.js';
import { RtspTestServer } from '../helpers/rtsp-server.js';
import { RunningSightline, sightline, temporaryFolder } from '../helpers/sightline.js';
import { VideoFolder } from '../helpers/video.js';

/** What answers have, as far as these tests look at it. */
interface Body extends Record<string, unknown> {
  readonly cameras: readonly { readonly id: string }[];
  readonly frames: number;
  readonly code: string;
  readonly detail: string;
}

const cameraSources = { schemes: ['rtsp', 'http', 'test'], networks: ['127.0.0.0/8'] };

// The limit only ends a hang.
describe('cameras over the API', () => {
  const credentials = { user: 'watcher', password: 'hunter22' };
  const videos = new VideoFolder();
  let folder: ReturnType<typeof temporaryFolder>;
  let rtsp: RtspTestServer;
  let program: RunningSightline;
  let url: string;
  /** For tests that leave nothing behind: a program of their own takes longer to start than they take. */
  let shared: RunningSightline | undefined;
  const sharedFolder = temporaryFolder();

  beforeAll(async () => {
    rtsp = await RtspTestServer.open({ file: await videos.clip({ seconds: 4 }), credentials });
  });
  afterAll(async () => {
    await shared?.stop();
    sharedFolder.remove();
    await rtsp.close();
    videos.remove();
  });
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(async () => {
    if (program !== shared) await program.stop();
    folder.remove();
  });

  /** Runs the program with cameras in its configuration, its data kept from the run before. */
  async function run(cameras: readonly object[] = [], more: object = {}, { path } = folder): Promise<void> {
    const file = join(path, 'config.yaml');
    writeFileSync(file, JSON.stringify({ cameras, api: { cameraSources }, ...more }));
    const data = join(path, 'data');
    program = new RunningSightline(['run', '--config', file, '--port', '0', '--data', data]);
    url = await program.serving();
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(200);
  }

  /** Uses the program that runs already, with one camera, which cannot be reached. */
  async function useShared(): Promise<void> {
    if (shared === undefined) {
      await run([{ id: 'gone', url: 'rtsp://127.0.0.1:1/x' }], {}, sharedFolder);
      shared = program;
    }
    program = shared;
    url = await program.serving();
  }

  async function again(cameras: readonly object[] = [], more: object = {}): Promise<void> {
    expect((await program.stop()).code).toBe(0);
    await run(cameras, more);
  }

  async function ask(method: string, path: string, body?: object): Promise<{ status: number; body: Body }> {
    const json = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${url}/v1${path}`, { method, ...json });
    const text = await response.text();
    expect(text).not.toContain(credentials.password);
    return { status: response.status, body: JSON.parse(text || '{}') as Body };
  }

  async function ids(): Promise<string[]> {
    return (await ask('GET', '/cameras')).body.cameras.map(({ id }) => id);
  }

  it('starts without a camera, adds one, and shows its pictures', async () => {
    await run();
    await program.logged('There is no camera yet');
    expect(await ids()).toEqual([]);
    const added = await ask('POST', '/cameras', { url: rtsp.url, name: 'Front door' });
    expect(added).toMatchObject({
      status: 201,
      body: { id: 'cam1', name: 'Front door', source: rtsp.url.replace(/\/\/.*@/, '//***@') },
    });
    expect(await videoFrames(url, 'cam1', 5)).toHaveLength(5);
    expect(await ask('POST', '/cameras', { url: 'test:320x240@10' })).toMatchObject({ body: { id: 'cam2' } });
    expect(await ask('POST', '/cameras', { url: 'test:', id: 'cam2' })).toMatchObject({
      status: 409,
      body: { code: 'CAMERA_DUPLICATE' },
    });
    await again();
    expect(await ids()).toEqual(['cam1', 'cam2']);
    expect(await videoFrames(url, 'cam1', 3)).toHaveLength(3);
    expect(program.stderr).not.toContain(credentials.password);
  });

  it('changes only what is named, while viewers go on watching', async () => {
    await run([{ id: 'door', url: 'test:320x240@10', detector: { minFaceSize: 50 } }]);
    const events = await EventStream.open(url);
    const video = watch({ url, camera: 'door' });
    await video.next();
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/video/door`);
    let pictures = 0;
    let closed = 0;
    socket.on('message', () => pictures++);
    socket.on('close', (code) => (closed = code));
    await expect.poll(() => pictures).toBeGreaterThan(2);
    const changed = await ask('PATCH', '/cameras/door', { width: 160, detector: { kind: 'haar' } });
    expect(changed).toMatchObject({ status: 200, body: { id: 'door', detector: 'haar' } });
    const settings = { url: 'test:320x240@10', width: 160, fps: null, stallTimeoutMs: 10_000 };
    expect((await ask('GET', '/cameras/door/settings')).body).toMatchObject({
      ...settings,
      detector: { kind: 'haar', minFaceSize: 50, thread: 'auto' },
    });
    const before = pictures;
    await expect.poll(() => pictures).toBeGreaterThan(before + 5);
    expect((await ask('GET', '/cameras/door')).body).toMatchObject({ state: 'online', width: 160 });
    const restarted = await ask('POST', '/cameras/door/restart');
    expect(restarted).toMatchObject({ status: 200, body: { state: 'connecting' } });
    expect(restarted.body.frames).toBeGreaterThan(5);
    const later = pictures;
    await expect.poll(() => pictures).toBeGreaterThan(later + 5);
    expect(closed).toBe(0);
    expect((await ask('DELETE', '/cameras/door')).status).toBe(204);
    await expect.poll(() => closed).toBe(4410);
    video.close();
    const offline = await events.until(({ type }) => type === 'sightline.camera.offline');
    expect(offline.data).toMatchObject({ reason: { code: 'CAMERA_REMOVED' } });
    events.close();
    expect(await (await fetch(`${url}/metrics`)).text()).not.toContain('camera="door"');
    expect((await ask('GET', '/cameras/door')).status).toBe(404);
    await again([{ id: 'door', url: 'test:320x240@10', detector: { minFaceSize: 50 } }]);
    expect(await ids()).toEqual([]);
  });

  it('tells once that a camera cannot be reached, however often it is tried', async () => {
    await useShared();
    const attempts = new Set<unknown>();
    const tried = async () => {
      const { state, since } = (await ask('GET', '/cameras/gone')).body;
      if (state === 'offline') attempts.add(since);
      return attempts.size;
    };
    await expect.poll(tried, { interval: 20 }).toBeGreaterThan(2);
    const { events } = (await ask('GET', '/events?camera=gone')).body;
    expect(events).toMatchObject([{ data: { reason: { code: 'SOURCE_UNREACHABLE' } } }]);
  });

  it('ends an MJPEG stream with its camera', async () => {
    await useShared();
    await ask('POST', '/cameras', { id: 'door', url: 'test:320x240@10' });
    const response = await fetch(`${url}/v1/cameras/door/stream.mjpeg`);
    const reader = response.body!.getReader();
    await reader.read();
    const ended = (async () => {
      while (!(await reader.read()).done);
    })();
    await ask('DELETE', '/cameras/door');
    await expect(ended).resolves.toBeUndefined();
  });

  it('lets a configuration that was edited since win', async () => {
    const door = { id: 'door', url: 'test:320x240@10' };
    const garden = { id: 'garden', url: 'test:320x240@10' };
    await run([door, garden]);
    await ask('PATCH', '/cameras/door', { fps: 5 });
    await ask('DELETE', '/cameras/garden');
    await ask('PATCH', '/settings', { recognition: { threshold: 0.7 } });
    await again([door, garden]);
    expect(await ids()).toEqual(['door']);
    expect((await ask('GET', '/cameras/door/settings')).body).toMatchObject({ fps: 5 });
    expect((await ask('GET', '/settings')).body).toMatchObject({ recognition: { threshold: 0.7 } });
    await again([{ ...door, fps: 7 }, garden], { recognition: { falseNameRate: 0.01 } });
    await program.logged('the configuration counts');
    expect((await ask('GET', '/cameras/door/settings')).body).toMatchObject({ fps: 7 });
    expect((await ask('GET', '/settings')).body).toMatchObject({
      recognition: { threshold: null, falseNameRate: 0.01 },
    });
  });

  it('takes many changes at once, one after the other', async () => {
    await run([{ id: 'door', url: 'test:320x240@10' }]);
    const answers = await Promise.all([
      ask('PATCH', '/cameras/door', { fps: 5 }),
      ask('PATCH', '/cameras/door', { width: 160 }),
      ask('PATCH', '/cameras/door', { name: 'Door' }),
      ask('POST', '/cameras', { url: 'test:' }),
      ask('POST', '/cameras', { url: 'test:' }),
      ask('POST', '/cameras/door/restart'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 201, 201, 200]);
    expect((await ids()).sort()).toEqual(['cam1', 'cam2', 'door']);
    const settings = { fps: 5, width: 160, name: 'Door' };
    expect((await ask('GET', '/cameras/door/settings')).body).toMatchObject(settings);
    const both = await Promise.all([ask('DELETE', '/cameras/door'), ask('DELETE', '/cameras/door')]);
    expect(both.map(({ status }) => status).sort()).toEqual([204, 404]);
    await again([{ id: 'door', url: 'test:320x240@10' }]);
    expect((await ids()).sort()).toEqual(['cam1', 'cam2']);
  });

  it('keeps user name and password of a URL that comes back as it was shown', async () => {
    await useShared();
    await ask('POST', '/cameras', { id: 'door', url: rtsp.url });
    const { body: settings } = await ask('GET', '/cameras/door/settings');
    const { id, ...change } = settings;
    expect(id).toBe('door');
    await ask('PATCH', '/cameras/door', { ...change, fps: 5 });
    expect(await videoFrames(url, 'door', 2)).toHaveLength(2);
    await ask('PATCH', '/cameras/door', { name: 'Door' });
    expect(await videoFrames(url, 'door', 2)).toHaveLength(2);
    expect((await ask('DELETE', '/cameras/door')).status).toBe(204);
  });

  it('refuses what is wrong with every reason at once, and what is forbidden', async () => {
    await useShared();
    const before = await ids();
    const secret = `rtsp://${credentials.user}:${credentials.password}@192.0.2.1/`;
    const wrong = { url: secret, fps: 'fast', detector: { kind: 'eyes' }, [secret]: 1, nmae: 'x' };
    const { status, body } = await ask('POST', '/cameras', wrong);
    expect(status).toBe(400);
    expect(body.code).toBe('REQUEST_INVALID');
    expect(body.detail).toContain('fps: expected a number, but received "fast"');
    expect(body.detail).toContain('detector.kind: expected one of auto, mediapipe, mtcnn, haar');
    expect(body.detail).toContain('nmae: no such option; did you mean name?');
    for (const source of ['/etc/passwd', 'file:///etc/passwd', 'webcam:', secret, 'https://127.0.0.1/'])
      expect(await ask('POST', '/cameras', { url: source })).toMatchObject({
        status: 403,
        body: { code: 'SOURCE_FORBIDDEN' },
      });
    for (const source of ['concat:/etc/passwd', 'pipe:0', 'ftp://h/'])
      expect(await ask('POST', '/cameras', { url: source })).toMatchObject({
        status: 400,
        body: { code: 'SOURCE_INVALID' },
      });
    expect(await ask('POST', '/cameras', { url: 'test:', detectUrl: '/etc/passwd' })).toMatchObject({
      status: 403,
    });
    expect(await ids()).toEqual(before);
    expect(await ask('PATCH', '/cameras/nobody', { fps: 5 })).toMatchObject({ status: 404 });
    expect(await ask('PATCH', '/settings', { recognition: { threshold: 3, falseNmeRate: 1 } })).toMatchObject(
      {
        status: 400,
      },
    );
  });

  it('a broken file stops the start and is left as it is', async () => {
    await run();
    await ask('POST', '/cameras', { url: 'test:' });
    await program.stop();
    const data = join(folder.path, 'data');
    writeFileSync(join(data, 'cameras.json'), `{"cameras": "${credentials.password}`);
    const { code, stderr } = await sightline(['run', '--port', '0', '--data', data]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/SETTINGS_CORRUPT: .*cameras\.json/);
    expect(stderr).not.toContain(credentials.password);
  });
});
