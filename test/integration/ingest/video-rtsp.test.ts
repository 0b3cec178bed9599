import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RtspTestServer } from '../../helpers/rtsp-server.js';
import { VideoFolder } from '../../helpers/video.js';
import { ffmpegChildren } from '../../helpers/processes.js';
import { allFfmpegs, WatchedSource } from './watch-source.js';

const folder = new VideoFolder();
const credentials = { user: 'admin', password: 'p@ss/w?rd #1' };
let clip: string;
let server: RtspTestServer;
let locked: RtspTestServer;
let watched: WatchedSource | undefined;

function open(...args: ConstructorParameters<typeof WatchedSource>): WatchedSource {
  watched = new WatchedSource(...args);
  return watched;
}

beforeAll(async () => {
  clip = await folder.clip({ width: 320, height: 240, seconds: 4 });
  [server, locked] = await Promise.all([
    RtspTestServer.open({ file: clip }),
    RtspTestServer.open({ file: clip, credentials }),
  ]);
});
afterEach(() => watched?.source.close());
afterAll(async () => {
  await Promise.all([server.close(), locked.close()]);
  folder.remove();
});

describe.each(await allFfmpegs())('RTSP with ffmpeg $version', (ffmpeg) => {
  it.each(['tcp', 'udp'] as const)('plays with transport %s', async (transport) => {
    const source = open(server.url, { ffmpeg, transport });
    await source.frames(10);
    expect(source.states).toEqual([{ state: 'connecting' }, { state: 'online', width: 320, height: 240 }]);
  });

  it('finds the camera by name', async () => {
    await open(server.url.replace('127.0.0.1', 'localhost'), { ffmpeg }).frames(1);
  });

  it('logs in with an escaped password, and tells nobody', async () => {
    const source = open(locked.url, { ffmpeg });
    await source.frames(1);
    expect(source.source.redactedSource).toBe(locked.url.replace(/\/\/.*@/, '//***@'));
  });

  it('says that the password is wrong without repeating it, and tries again', async () => {
    const source = open(locked.url.replace(/\/\/.*@/, '//admin:hunter22@'), { ffmpeg });
    const { error, retryInMs } = await source.state('offline');
    expect(error.code).toBe('SOURCE_AUTH_FAILED');
    expect(retryInMs).toBeLessThanOrEqual(1000);
    await source.state('connecting', 2);
    const said = JSON.stringify([
      source.states,
      source.logged,
      error.message,
      error.stack,
      source.source.redactedSource,
    ]);
    expect(said).not.toMatch(/hunter22|admin/);
  });

  it('says that the path is wrong', async () => {
    const { error } = await open(`${server.url}-other`, { ffmpeg }).state('offline');
    expect(error.code).toBe('SOURCE_NOT_FOUND');
  });

  it('says that nobody answers', async () => {
    const { error } = await open('rtsp://127.0.0.1:1/x', { ffmpeg }).state('offline');
    expect(error.code).toBe('SOURCE_UNREACHABLE');
    const unknown = await open('rtsp://user:hunter22@no.such.host.invalid/x', { ffmpeg }).state('offline');
    expect(unknown.error.code).toBe('SOURCE_UNREACHABLE');
    expect(unknown.error.message).not.toContain('hunter22');
  });

  it('comes back by itself after the camera lost power, and counts frames on', async () => {
    const source = open(server.url, { ffmpeg, stallTimeoutMs: 3000 });
    await source.frames(5);
    await server.stop();
    await source.state('offline');
    const [seen, count] = [source.states.length, source.sequences.length];
    const lastBefore = source.sequences.at(-1) ?? 0;
    await server.start();
    await source.state('online', seen);
    await source.until(() => source.sequences.length > count);
    expect(source.sequences[count]).toBe(lastBefore + 1);
  });

  it('notices a camera that hangs, and comes back when it goes on', async () => {
    const source = open(server.url, { ffmpeg, stallTimeoutMs: 3000 });
    await source.frames(5);
    server.freeze();
    const { error } = await source.state('offline');
    expect(error.code).toBe('SOURCE_STALLED');
    const seen = source.states.length;
    server.thaw();
    await source.state('online', seen);
  });

  it('closes while it waits to try again', async () => {
    const source = open('rtsp://127.0.0.1:1/x', { ffmpeg });
    await source.state('offline');
    await source.source.close();
    expect(source.path).toEqual(['connecting', 'offline']);
  });

  it('closes while a camera does not answer, and leaves no ffmpeg behind', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const url = `rtsp://127.0.0.1:${(silent.address() as AddressInfo).port}/x`;
    // Those of earlier tests may still be ending. ffmpeg does not know the address of its camera.
    const reading = (): string[] => ffmpegChildren().filter((process) => process.includes('scale=min(111'));
    const source = open(url, { ffmpeg, width: 111 });
    await once(silent, 'connection');
    expect(reading()).toHaveLength(1);
    await source.source.close();
    expect(reading()).toEqual([]);
    silent.close();
  });
});
