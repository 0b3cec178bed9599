import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  backoffMs,
  classifyFailure,
  nextStep,
  type Playback,
  type PlaybackPlan,
} from '../../../src/ingest/next-step.js';
import { parseSource } from '../../../src/ingest/source-spec.js';

const quiet: Playback = { frames: 0, stalled: false, onlineMs: 0, stderr: [] };
const played: Playback = { ...quiet, frames: 100, onlineMs: 4000 };

function decide(source: string, playback: Partial<Playback>, plan: Partial<PlaybackPlan> = {}) {
  const spec = parseSource(source, 'linux');
  const step = nextStep(
    { spec, source, loop: false, hwaccel: null, stallTimeoutMs: 5000, ...plan },
    { ...quiet, ...playback },
  );
  return step.kind === 'end' ? [step.kind] : [step.kind, step.error.code];
}

describe('nextStep', () => {
  it('ends a file that was played, even a damaged one', () => {
    expect(decide('x.mp4', played)).toEqual(['end']);
    expect(decide('http://host/x.mp4', { ...played, stderr: ['partial file'] })).toEqual(['end']);
  });

  it('gives up on a file without a single picture', () => {
    expect(decide('x.mp4', { stderr: ['file:x.mp4: No such file or directory'] })).toEqual([
      'fail',
      'SOURCE_NOT_FOUND',
    ]);
    expect(decide('x.mp4', {}, { loop: true })).toEqual(['fail', 'SOURCE_NOT_VIDEO']);
  });

  it('never gives up on anything else', () => {
    for (const source of ['rtsp://cam/x', 'http://cam/x', 'http://host/x.mp4', 'webcam:', 'test:']) {
      expect(decide(source, { stderr: ['x: Server returned 401 Unauthorized'] })).toEqual([
        'retry',
        'SOURCE_AUTH_FAILED',
      ]);
    }
    expect(decide('rtsp://cam/x', played)).toEqual(['retry', 'SOURCE_FAILED']);
    expect(decide('x.mp4', played, { loop: true })).toEqual(['retry', 'SOURCE_FAILED']);
  });

  it('does not take damaged pictures for the cause of an end', () => {
    const stderr = ['Error while decoding stream #0:0: Invalid data found when processing input'];
    expect(decide('rtsp://cam/x', { ...played, stderr })).toEqual(['retry', 'SOURCE_FAILED']);
    expect(decide('rtsp://cam/x', { ...played, stderr: [...stderr, 'Connection reset by peer'] })).toEqual([
      'retry',
      'SOURCE_UNREACHABLE',
    ]);
  });

  it('tells a camera that went silent from one that never spoke', () => {
    expect(decide('rtsp://cam/x', { ...played, stalled: true })).toEqual(['retry', 'SOURCE_STALLED']);
    expect(decide('rtsp://cam/x', { stalled: true })).toEqual(['retry', 'SOURCE_UNREACHABLE']);
  });

  it('blames the hardware decoder only where it may be its fault', () => {
    const hwaccel = { hwaccel: 'vaapi' };
    expect(decide('x.mp4', { stderr: ['Device creation failed: -22.'] }, hwaccel)[0]).toBe(
      'retry-in-software',
    );
    expect(decide('x.mp4', {}, hwaccel)[0]).toBe('retry-in-software');
    const missing = ['/dev/dri/renderD128: No such file or directory', 'Device creation failed: -2.'];
    expect(decide('rtsp://cam/x', { stderr: missing }, hwaccel)[0]).toBe('retry-in-software');
    expect(decide('rtsp://cam/x', { stderr: ['x: Connection refused'] }, hwaccel)[0]).toBe('retry');
    expect(decide('rtsp://cam/x', played, hwaccel)[0]).toBe('retry');
  });
});

/** What ffmpeg 5.1 (Debian) and the bundled build of 2018 really said; where both say the same it stands once. */
const said: [string, string, string[]][] = [
  [
    'wrong RTSP password',
    'SOURCE_AUTH_FAILED',
    [
      '[rtsp @ 0x558f95a69a40] method DESCRIBE failed: 401 Unauthorized',
      'rtsp://admin:hunter22@127.0.0.1:25990/stream: Server returned 401 Unauthorized (authorization failed)',
    ],
  ],
  [
    'HTTP 401',
    'SOURCE_AUTH_FAILED',
    ['http://127.0.0.1:18999/401: Server returned 401 Unauthorized (authorization failed)'],
  ],
  [
    'HTTP 403',
    'SOURCE_AUTH_FAILED',
    ['http://127.0.0.1:18999/403: Server returned 403 Forbidden (access denied)'],
  ],
  [
    'unknown RTSP path',
    'SOURCE_NOT_FOUND',
    [
      '[rtsp @ 0x558623c12a40] method DESCRIBE failed: 404 Not Found',
      'rtsp://admin:hunter22@127.0.0.1:25990/nope: Server returned 404 Not Found',
    ],
  ],
  ['HTTP 404', 'SOURCE_NOT_FOUND', ['http://127.0.0.1:18999/404: Server returned 404 Not Found']],
  ['no such file', 'SOURCE_NOT_FOUND', ['file:/nope.mp4: No such file or directory']],
  [
    'no such webcam',
    'SOURCE_NOT_FOUND',
    [
      '[video4linux2,v4l2 @ 0x555a16afd940] Cannot open video device /dev/video9: No such file or directory',
      '/dev/video9: No such file or directory',
    ],
  ],
  [
    'closed port',
    'SOURCE_UNREACHABLE',
    [
      '[tcp @ 0x558432833580] Connection to tcp://127.0.0.1:1?timeout=0 failed: Connection refused',
      'rtsp://127.0.0.1:1/x: Connection refused',
    ],
  ],
  [
    'a number of an error in the URL',
    'SOURCE_UNREACHABLE',
    ['http://127.0.0.1:1401/401: Connection refused'],
  ],
  [
    'unknown host',
    'SOURCE_UNREACHABLE',
    [
      '[tcp @ 0x557a432c8580] Failed to resolve hostname no.such.host.invalid: Name or service not known',
      'rtsp://admin:hunter22@no.such.host.invalid/x: Input/output error',
    ],
  ],
  ['a server that hangs', 'SOURCE_UNREACHABLE', ['http://127.0.0.1:18999/hang: Connection timed out']],
  ['not video', 'SOURCE_NOT_VIDEO', ['file:text.bin: Invalid data found when processing input']],
  [
    'an MP4 without its index',
    'SOURCE_NOT_VIDEO',
    [
      '[mov,mp4,m4a,3gp,3g2,mj2 @ 0x5637d7df4940] moov atom not found',
      'file:noindex.mp4: Invalid data found when processing input',
    ],
  ],
  [
    'an MP4 with nothing but its index, 2018',
    'SOURCE_NOT_VIDEO',
    ['Cannot determine format of input stream 0:0 after EOF', 'Error marking filters as finished'],
  ],
  [
    'sound only',
    'SOURCE_NOT_VIDEO',
    ["Stream map '0:v:0' matches no streams.", "To ignore this, add a trailing '?' to the map."],
  ],
  ['a folder', 'SOURCE_NOT_VIDEO', ['file:/tmp: Is a directory']],
  ['nothing at all', 'SOURCE_NOT_VIDEO', []],
  ['HTTP 503', 'SOURCE_FAILED', ['http://127.0.0.1:18999/503: Server returned 5XX Server Error reply']],
  [
    'no graphics card',
    'SOURCE_FAILED',
    [
      'Device creation failed: -542398533.',
      'Device setup failed for decoder on input stream #0:0 : Generic error in an external library',
    ],
  ],
];

describe('classifyFailure', () => {
  it.each(said)('%s: %s', (_case, code, stderr) => {
    const error = classifyFailure('rtsp://admin:hunter22@cam/x', stderr);
    expect(error.code).toBe(code);
    expect(error.message).toContain('rtsp://***@cam/x');
    expect(error.message).not.toMatch(/hunter22|admin/);
  });

  it('quotes the line that tells', () => {
    expect(classifyFailure('x', ['noise', 'file:x: Is a directory']).message).toContain(
      'file:x: Is a directory',
    );
    expect(classifyFailure('x', ['first', 'last']).message).toContain('last');
  });
});

describe('backoffMs', () => {
  it('doubles from 1 s to 10 s', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 1000].map((attempt) => backoffMs(attempt, 1))).toEqual([
      1000, 2000, 4000, 8000, 10_000, 10_000, 10_000, 10_000,
    ]);
  });

  it('spreads evenly over the whole pause', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
        expect(backoffMs(attempt, random)).toBe(Math.round(random * backoffMs(attempt, 1)));
      }),
    );
  });
});
