import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readNetworkAddress } from '../../../src/ingest/network-address.js';
import { isLive, parseSource } from '../../../src/ingest/source-spec.js';

const parse = (source: string) => parseSource(source, 'linux');

describe('parseSource', () => {
  it.each([
    ['rtsp://user:pass@10.0.0.2:554/h264?x=1', { kind: 'rtsp' }],
    ['RTSPS://cam/stream', { kind: 'rtsp' }],
    ['http://cam/video.mjpg', { kind: 'http', recording: false }],
    ['https://cam/live.m3u8?t=1', { kind: 'http', recording: false }],
    ['https://host/a/Film.MP4?t=1', { kind: 'http', recording: true }],
  ])('reads %s', (source, spec) => {
    expect(parse(source)).toEqual({ ...spec, address: readNetworkAddress(source) });
  });

  it.each([
    ['/videos/a b.mp4', { kind: 'file', path: '/videos/a b.mp4' }],
    ['file:///videos/a%20b.mp4', { kind: 'file', path: '/videos/a b.mp4' }],
    ['C:\\videos\\a.mp4', { kind: 'file', path: 'C:\\videos\\a.mp4' }],
    ['./odd:name.mp4', { kind: 'file', path: './odd:name.mp4' }],
    ['  clip.mp4 ', { kind: 'file', path: 'clip.mp4' }],
    ['test:', { kind: 'test', width: 1280, height: 720, fps: 25 }],
    ['test:640x480@10', { kind: 'test', width: 640, height: 480, fps: 10 }],
    ['test:640x480', { kind: 'test', width: 640, height: 480, fps: 25 }],
  ])('reads %s', (source, spec) => {
    expect(parse(source)).toEqual(spec);
  });

  it.each([
    ['linux', 'webcam:', 'v4l2', '/dev/video0'],
    ['linux', 'webcam:2', 'v4l2', '/dev/video2'],
    ['linux', 'webcam:/dev/video2', 'v4l2', '/dev/video2'],
    ['linux', 'webcam:video3', 'v4l2', '/dev/video3'],
    ['darwin', 'webcam:', 'avfoundation', '0'],
    ['darwin', 'webcam:FaceTime HD', 'avfoundation', 'FaceTime HD'],
    ['win32', 'webcam:Integrated Camera', 'dshow', 'Integrated Camera'],
  ] as const)('on %s reads %s', (platform, source, format, device) => {
    expect(parseSource(source, platform)).toEqual({ kind: 'webcam', format, device });
  });

  it.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['clip\0.mp4', 'NUL character'],
    ['ftp://cam/x', 'scheme'],
    ['mms://user:secret@cam/x', 'scheme'],
    ['admin:secret@cam/x', 'scheme'],
    ['rtsp:', 'complete URL'],
    ['rtsp:/cam', 'complete URL'],
    ['rtsp://', 'complete URL'],
    ['rtsp://user:secret@cam:port/x', 'complete URL'],
    ['rtsp://user:sec ret@cam/x', '%20'],
    ['test:big', 'test:1280x720@25'],
    ['test:640x480@0', 'test:1280x720@25'],
    ['file://elsewhere/video.mp4', 'file://'],
  ])('refuses %j and says why, without the password', (source, reason) => {
    const parsing = () => parse(source);
    expect(parsing).toThrow(expect.objectContaining({ code: 'SOURCE_INVALID' }) as Error);
    expect(parsing).toThrow(reason);
    expect(parsing).not.toThrow(/sec ?ret/);
  });

  it('asks for a name on Windows', () => {
    expect(() => parseSource('webcam:0', 'win32')).toThrow('webcam:NAME');
  });

  it('returns a spec or throws SOURCE_INVALID for any text', () => {
    fc.assert(
      fc.property(fc.string(), (source) => {
        try {
          expect(parse(source)).toHaveProperty('kind');
        } catch (error) {
          expect(error).toHaveProperty('code', 'SOURCE_INVALID');
        }
      }),
    );
  });
});

describe('isLive', () => {
  it.each([
    ['rtsp://cam/x', true],
    ['http://cam/x.mjpg', true],
    ['webcam:', true],
    ['test:', true],
    ['http://host/x.mp4', false],
    ['x.mp4', false],
  ])('%s: %s', (source, live) => {
    expect(isLive(parse(source))).toBe(live);
  });
});
