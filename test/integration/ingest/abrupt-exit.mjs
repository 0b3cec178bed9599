// Plays the test pattern, tells the pid of its ffmpeg, and throws when told to.
import { execFileSync } from 'node:child_process';
import { VideoSource } from '../../../dist/src/ingest/video-source.js';

new VideoSource({
  cameraId: 'door',
  source: 'test:64x48@25',
  transport: 'tcp',
  hwaccel: null,
  rotate: 0,
  flip: 'none',
  width: null,
  analysisFps: 10,
  loop: false,
  stallTimeoutMs: 10_000,
  poolSize: 1,
  log: { warn: () => undefined },
  onState: ({ state }) => {
    if (state !== 'online') return;
    const children = execFileSync('ps', ['-o', 'pid=,comm=', '--ppid', String(process.pid)], {
      encoding: 'utf8',
    });
    process.send(Number(/(\d+) ffmpeg/.exec(children)[1]));
  },
  onFrame: (frame) => frame.release(),
}).start();

process.on('message', () => {
  throw new Error('as told');
});
