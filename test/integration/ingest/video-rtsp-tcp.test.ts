import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SourcePolicy } from '../../../src/ingest/guarded/source-policy.js';
import { GstreamerRtspServer } from '../../helpers/gstreamer-rtsp.js';
import { VideoFolder } from '../../helpers/video.js';
import { allFfmpegs, WatchedSource } from './watch-source.js';

const ffmpegs = await allFfmpegs();

/** The other RTSP server of these tests speaks UDP only; this one speaks TCP only, and is nobody's toy. */
describe('RTP over TCP from GStreamer', { tags: ['gstreamer'] }, () => {
  const folder = new VideoFolder();
  const policy = new SourcePolicy({ schemes: ['rtsp'], networks: ['127.0.0.0/8'] });
  let clip: string;
  let server: GstreamerRtspServer;
  let watched: WatchedSource | undefined;

  beforeAll(async () => {
    clip = await folder.clip({ width: 640, height: 360, seconds: 20 });
    server = await GstreamerRtspServer.open(clip);
  });
  afterEach(() => watched?.source.close());
  afterAll(async () => {
    await server.close();
    folder.remove();
  });

  describe.each(ffmpegs)('with ffmpeg $version', (ffmpeg) => {
    it('plays', async () => {
      watched = new WatchedSource(server.url, { ffmpeg, transport: 'tcp' });
      await watched.frames(30);
      expect(watched.states.at(-1)).toEqual({ state: 'online', width: 640, height: 360 });
    });

    it('plays behind a guard', async () => {
      watched = new WatchedSource(server.url, { ffmpeg, transport: 'tcp', policy });
      await watched.frames(30);
      expect(watched.states.at(-1)).toEqual({ state: 'online', width: 640, height: 360 });
    });

    it('decodes on demand, behind a guard', async () => {
      watched = new WatchedSource(server.url, { ffmpeg, transport: 'tcp', policy, onDemand: true });
      await watched.state('online');
      expect(watched.states.at(-1)).toEqual({ state: 'online', width: 640, height: 360 });
      watched.source.wantFrames(performance.now());
      await watched.frames(30);
      expect([watched.path, watched.logged]).toEqual([['connecting', 'online'], []]);
    });

    it.each(['basic', 'digest'] as const)(
      'logs in by %s authentication, behind a guard too',
      async (kind) => {
        const camera = await GstreamerRtspServer.open(clip, {
          kind,
          user: 'viewer',
          password: 'p@ss/w?rd #1',
        });
        try {
          for (const guarded of [{}, { policy }]) {
            watched = new WatchedSource(camera.url, { ffmpeg, ...guarded });
            await watched.frames(5);
            await watched.source.close();
          }
          watched = new WatchedSource(camera.url.replace('viewer:', 'nobody:'), { ffmpeg, policy });
          const { error } = await watched.state('offline');
          expect(error.code).toBe('SOURCE_AUTH_FAILED');
        } finally {
          await watched?.source.close();
          await camera.close();
        }
      },
    );

    it('is not played over UDP when that is asked for', async () => {
      watched = new WatchedSource(server.url, { ffmpeg, transport: 'udp' });
      await watched.until(({ path }) => path.includes('offline'));
      expect(watched.sequences).toEqual([]);
    });
  });
});
