import { describe, expect, it } from 'vitest';
import { buildArguments, type ReadOptions } from '../../../src/ingest/ffmpeg-arguments.js';
import { parseSource } from '../../../src/ingest/source-spec.js';

const defaults: ReadOptions = {
  transport: 'tcp',
  hwaccel: null,
  rotate: 0,
  flip: 'none',
  width: null,
  analysisFps: 10,
  viewFps: undefined,
  loop: false,
  ioTimeoutMs: 15_000,
  relayUrl: undefined,
  ffmpeg: { major: 5, minor: 1 },
};

function build(source: string, options: Partial<ReadOptions> = {}) {
  const spec = parseSource(source, 'linux');
  const { inputOptions, input, viewOptions, outputOptions } = buildArguments(spec, {
    ...defaults,
    ...('address' in spec ? { relayUrl: 'x://127.0.0.1:1/source' } : {}),
    ...options,
  });
  return {
    before: inputOptions.join(' '),
    input,
    view: viewOptions?.join(' '),
    after: outputOptions.join(' '),
  };
}

const square = 'scale=round(iw*max(sar\\,1)):round(ih/min(sar\\,1)):flags=bilinear,setsar=1';

describe('buildArguments', () => {
  it('asks every source for planar YUV of its first video stream, in NUT and with times in ms', () => {
    for (const source of ['rtsp://cam/x', 'http://cam/x.mjpg', 'x.mp4', 'webcam:', 'test:']) {
      expect(build(source).after).toBe(
        '-map 0:v:0 -map_metadata -1 -vf select=not(eq(floor(t*10+0.001)\\,floor(prev_selected_t*10+0.001))),' +
          `${square} -fps_mode passthrough -enc_time_base 1:1000 -c:v rawvideo -pix_fmt yuv420p ` +
          '-flush_packets 1 -write_index 0 -f nut',
      );
      expect(build(source).view).toBeUndefined();
    }
  });

  it('drops pictures for viewers that nobody reads, and takes all of them unless told otherwise', () => {
    expect(build('rtsp://cam/x', { viewFps: null }).view).toBe(
      `-map 0:v:0 -map_metadata -1 -vf ${square} -fps_mode passthrough -enc_time_base 1:1000 ` +
        '-c:v rawvideo -pix_fmt yuv420p -f fifo -fifo_format nut -format_opts flush_packets=1:write_index=0 ' +
        '-drop_pkts_on_overflow 1 -queue_size 2',
    );
    expect(build('rtsp://cam/x', { viewFps: 5 }).view).toContain(
      '-vf select=not(eq(floor(t*5+0.001)\\,floor(prev_selected_t*5+0.001))),',
    );
  });

  it.each([
    ['rtsp://u:p@cam/x', 'x://127.0.0.1:1/source'],
    ['https://cam/x?k=v', 'x://127.0.0.1:1/source'],
    ['-x.mp4', 'file:-x.mp4'],
    ['webcam:1', '/dev/video1'],
    ['test:64x48@5', 'testsrc2=size=64x48:rate=5'],
  ])('opens %s as %s', (source, input) => {
    expect(build(source).input).toBe(input);
  });

  it('plays only recordings and the test pattern in real time', () => {
    for (const source of ['x.mp4', 'http://host/x.mp4', 'test:'])
      expect(build(source).before).toContain('-re');
    for (const source of ['rtsp://cam/x', 'http://cam/x', 'webcam:'])
      expect(build(source).before).not.toContain('-re');
  });

  it('repeats only what can be repeated', () => {
    expect(build('x.mp4', { loop: true }).before).toContain('-stream_loop -1');
    expect(build('x.mp4').before).not.toContain('-stream_loop');
    expect(build('rtsp://cam/x', { loop: true }).before).not.toContain('-stream_loop');
  });

  it('names the RTSP timeout and the frame timing as the release knows them', () => {
    const old = build('rtsp://cam/x', { ffmpeg: { major: 4, minor: 4 } });
    expect(old.before).toContain('-stimeout 15000000');
    expect(old.after).toContain('-vsync 0');
    const between = build('rtsp://cam/x', { ffmpeg: { major: 5, minor: 0 } });
    expect(between.before).toContain(' -timeout 15000000');
    expect(between.after).toContain('-vsync 0');
    expect(build('rtsp://cam/x', { ffmpeg: { major: 7, minor: 1 } }).after).toContain(
      '-fps_mode passthrough',
    );
  });

  it('prefers TCP or insists on UDP', () => {
    expect(build('rtsp://cam/x').before).toContain('-rtsp_flags prefer_tcp');
    expect(build('rtsp://cam/x', { transport: 'udp' }).before).toContain('-rtsp_transport udp');
  });

  it('lets a stream or a playlist open nothing but the relay’s protocols', () => {
    expect(build('https://cam/x').before).toContain('-protocol_whitelist http,tcp ');
    expect(build('rtsps://cam/x').before).toContain('-protocol_whitelist rtp,udp,tcp');
  });

  it('adds a hardware decoder and a smaller picture only when asked', () => {
    const { before, view, after } = build('x.mp4', { hwaccel: 'vaapi', width: 640, viewFps: null });
    expect(before).toContain('-hwaccel vaapi');
    for (const output of [view, after]) expect(output).toContain('scale=min(640\\,iw):-2:flags=bilinear ');
    expect(build('x.mp4').before).not.toContain('-hwaccel');
  });
});
