import { describe, expect, it } from 'vitest';
import { nextStep, type Playback, type PlaybackPlan } from '../../../src/ingest/next-step.js';
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
