import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { inheritedEnvironment } from '../../../src/config/environment.js';
import { SourcePolicy } from '../../../src/ingest/guarded/source-policy.js';
import { GstreamerRtspServer, noGstreamerReason } from '../../helpers/gstreamer-rtsp.js';
import { VideoFolder } from '../../helpers/video.js';
import { allFfmpegs, WatchedSource } from './watch-source.js';

const ffmpegs = await allFfmpegs();

/** The other RTSP server of these tests speaks UDP only; this one speaks TCP only, and is nobody's toy. */
describe.skipIf(noGstreamerReason !== null)('RTP over TCP from GStreamer', () => {
  const folder = new VideoFolder();
  let server: GstreamerRtspServer;
  let watched: WatchedSource | undefined;

  beforeAll(async () => {
    server = await GstreamerRtspServer.open(await folder.clip({ width: 640, height: 360, seconds: 20 }));
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
      const policy = new SourcePolicy({ schemes: ['rtsp'], networks: ['127.0.0.0/8'] });
      const guard = { policy, environment: inheritedEnvironment() };
      watched = new WatchedSource(server.url, { ffmpeg, transport: 'tcp', guard });
      await watched.frames(30);
      expect(watched.states.at(-1)).toEqual({ state: 'online', width: 640, height: 360 });
    });

    it('is not played over UDP when that is asked for', async () => {
      watched = new WatchedSource(server.url, { ffmpeg, transport: 'udp' });
      await watched.until(({ path }) => path.includes('offline'));
      expect(watched.sequences).toEqual([]);
    });
  });
});
