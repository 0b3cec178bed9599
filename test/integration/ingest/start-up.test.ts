import { chmod } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { findFfmpeg, type FfmpegBinary } from '../../../src/ingest/ffmpeg-binary.js';
import { VideoFolder } from '../../helpers/video.js';
import { WatchedSource } from './watch-source.js';

const folder = new VideoFolder();
const opened: WatchedSource[] = [];
const limitMs = 500;

function open(...args: ConstructorParameters<typeof WatchedSource>): WatchedSource {
  const watched = new WatchedSource(...args);
  opened.push(watched);
  return watched;
}

/** An ffmpeg that has much to compute before it begins, and that every other program goes before. */
async function slowFfmpeg(): Promise<FfmpegBinary> {
  const ffmpeg = await findFfmpeg();
  const work = 'i=0; while [ $i -lt 600000 ]; do i=$((i+1)); done';
  const path = await folder.write(
    'slow-ffmpeg',
    `#!/bin/sh\n${work}\nexec nice -n 19 '${ffmpeg.path}' "$@"\n`,
  );
  await chmod(path, 0o755);
  return { ...ffmpeg, path };
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ source }) => source.close()));
});
afterAll(() => folder.remove());

describe.runIf(process.platform === 'linux')('the watchdog while ffmpeg starts', () => {
  it('restarts none of eight that take longer than the limit, because they share a processor', async () => {
    const ffmpeg = await slowFfmpeg();
    const sources = Array.from({ length: 8 }, () =>
      open('test:64x48@25', { ffmpeg, analysisFps: 25, stallTimeoutMs: limitMs }),
    );
    await Promise.all(sources.map((source) => source.frames(5)));
    expect(sources.map(({ path }) => path)).toEqual(sources.map(() => ['connecting', 'online']));
  });

  it('finds a camera that accepts connections and sends nothing, all the same', async () => {
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const watched = open(`http://127.0.0.1:${port}/live`, {
        ffmpeg: await slowFfmpeg(),
        stallTimeoutMs: limitMs,
      });
      const { error } = await watched.state('offline');
      expect(error.code).toBe('SOURCE_UNREACHABLE');
      expect(error.message).toContain('No picture came');
      await watched.source.close();
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });
});
