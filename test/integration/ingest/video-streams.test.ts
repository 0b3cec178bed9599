import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { findFfmpeg } from '../../../src/ingest/ffmpeg-binary.js';
import { endWithTestFile } from '../../helpers/running-programs.js';
import { WatchedSource } from './watch-source.js';

const ffmpeg = await findFfmpeg();
const secret = 'streamkey99';
let server: ChildProcess;
let watched: WatchedSource;

afterEach(async () => {
  await watched.source.close();
  server.kill('SIGKILL');
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** An ffmpeg that waits for somebody to play what it shows. */
function serve(...output: readonly string[]): void {
  const input = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=10'];
  const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '10'];
  server = spawn(ffmpeg.path, ['-loglevel', 'error', ...input, ...encode, ...output], { stdio: 'ignore' });
  endWithTestFile(server);
}

/** The arguments of every program on this machine but the server's. */
function argumentsOfOthers(): string {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(server.pid));
  return ids
    .map((id) => {
      try {
        return readFileSync(`/proc/${id}/cmdline`, 'latin1');
      } catch {
        return '';
      }
    })
    .join('\n');
}

const streams = [
  {
    scheme: 'rtmp',
    output: (port: number) => ['-f', 'flv', '-listen', '1', `rtmp://127.0.0.1:${port}/live/${secret}`],
    url: (port: number) => `rtmp://127.0.0.1:${port}/live/${secret}`,
  },
  {
    scheme: 'srt',
    output: (port: number) => ['-f', 'mpegts', `srt://127.0.0.1:${port}?mode=listener&passphrase=${secret}`],
    url: (port: number) => `srt://127.0.0.1:${port}?passphrase=${secret}`,
  },
];

it.each(streams)(
  'plays $scheme, and shows nobody its secret',
  { tags: ['linux'] },
  async ({ output, url }) => {
    const port = await freePort();
    serve(...output(port));
    watched = new WatchedSource(url(port), { ffmpeg });
    await watched.frames(5);
    expect(watched.states.at(-1)).toEqual({ state: 'online', width: 320, height: 240 });
    expect(argumentsOfOthers()).not.toContain(secret);
  },
);
