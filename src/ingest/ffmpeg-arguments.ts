import type { SourceSpec } from './source-spec.js';
import { isLive } from './source-spec.js';

/** How a source is to be read. */
export interface ReadOptions {
  /** RTSP media over the RTSP connection itself (`tcp`, falls back to UDP where the camera cannot) or over UDP. */
  readonly transport: 'tcp' | 'udp';
  /** ffmpeg's name of a hardware decoder (`vaapi`, `cuda`, `auto` …), or null for software. */
  readonly hwaccel: string | null;
  /** Widest picture to deliver in pixels; the height follows the aspect and is even. Null for the source's own. */
  readonly width: number | null;
  /** Most frames a second to deliver; never repeats a frame. Null for the source's own. */
  readonly fps: number | null;
  /** Plays a file over and over. */
  readonly loop: boolean;
  /** ffmpeg gives up by itself after this long without a byte from the network. */
  readonly ioTimeoutMs: number;
  /** Host header for HTTP where the URL holds the address instead; else null. */
  readonly httpHost: string | null;
  /** Whether a relay stands before the source, and what comes over HTTP may be video and HLS only. */
  readonly guarded: boolean;
  readonly ffmpeg: FfmpegVersion;
}

/** The release an ffmpeg build belongs to. */
export interface FfmpegVersion {
  readonly major: number;
  readonly minor: number;
}

/** An ffmpeg command line in parts: `ffmpeg ...inputOptions -i input ...outputOptions pipe:1`. */
export interface FfmpegArguments {
  readonly inputOptions: readonly string[];
  readonly input: string;
  readonly outputOptions: readonly string[];
}

/** Two threads decode 4K on a small box; each more would hold back another frame. */
const DECODER_THREADS = ['-threads', '2'];
/**
 * No decoder delay, and no guessing of the frame rate: frames are timed on arrival. The opening probe must wait for a
 * camera that describes its stream only with its next key frame. `-fflags nobuffer` is left out on purpose: it throws
 * the probed packets away, key frame included, and so showed the first picture a whole key frame interval later.
 */
const LOW_LATENCY = ['-flags', 'low_delay', '-fpsprobesize', '0', '-analyzeduration', '3000000'];
/** Room for the burst of packets that a key frame is; the kernel's default loses some at 1080p. */
const UDP_BUFFER_BYTES = 4 << 20;

/** No local file, whatever a playlist says. */
const HTTP_PROTOCOLS = 'http,https,tls,tcp,httpproxy,crypto,data';
/** Streams, recordings, and the one kind of playlist whose entries go through HTTP only. */
const HTTP_FORMATS =
  'mpjpeg,mjpeg,hls,mpegts,mpeg,mov,mp4,matroska,webm,avi,flv,ogg,h264,hevc,mpegvideo,m4v,aac,mp3,webvtt';

/**
 * The command line that turns a source into PPM pictures on stdout, one for each decoded frame. PPM says its own size
 * before every picture, so the source need not be probed first and may change its size at any time.
 */
export function buildArguments(spec: SourceSpec, options: ReadOptions): FfmpegArguments {
  return {
    // Errors only: what is left on stderr is then worth showing and classifying.
    inputOptions: [
      ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error', ...DECODER_THREADS],
      ...(options.hwaccel === null ? [] : ['-hwaccel', options.hwaccel]),
      ...sourceOptions(spec, options),
    ],
    input: inputOf(spec),
    outputOptions: outputOptions(options),
  };
}

function sourceOptions(spec: SourceSpec, options: ReadOptions): string[] {
  switch (spec.kind) {
    case 'rtsp':
      return [
        ...LOW_LATENCY,
        ...rtspOptions(options),
        // The relay speaks TLS itself.
        ...(options.guarded ? ['-protocol_whitelist', 'rtp,udp,tcp'] : []),
      ];
    case 'http':
      return [
        ...['-protocol_whitelist', HTTP_PROTOCOLS],
        ...(options.guarded ? ['-format_whitelist', HTTP_FORMATS] : []),
        ...['-rw_timeout', microseconds(options.ioTimeoutMs)],
        ...(options.httpHost === null ? [] : ['-headers', `Host: ${options.httpHost}\r\n`]),
        ...(isLive(spec) ? LOW_LATENCY : pacedOptions(options)),
      ];
    case 'file':
      return pacedOptions(options);
    case 'webcam':
      return [...LOW_LATENCY, '-f', spec.format];
    case 'test':
      return ['-re', '-f', 'lavfi'];
  }
}

function rtspOptions({ transport, ffmpeg, ioTimeoutMs }: ReadOptions): string[] {
  return [
    // `prefer_tcp` still takes UDP from a camera that answers 461 Unsupported Transport.
    ...(transport === 'tcp' ? ['-rtsp_flags', 'prefer_tcp'] : ['-rtsp_transport', 'udp']),
    ...['-buffer_size', String(UDP_BUFFER_BYTES), '-allowed_media_types', 'video'],
    // Before ffmpeg 5, `-timeout` made it wait for the camera to call.
    ...[ffmpeg.major >= 5 ? '-timeout' : '-stimeout', microseconds(ioTimeoutMs)],
  ];
}

function pacedOptions({ loop }: ReadOptions): string[] {
  return ['-re', ...(loop ? ['-stream_loop', '-1'] : [])];
}

function inputOf(spec: SourceSpec): string {
  switch (spec.kind) {
    case 'rtsp':
    case 'http':
      return spec.url;
    case 'file':
      return `file:${spec.path}`;
    case 'webcam':
      return { v4l2: spec.device, avfoundation: `${spec.device}:none`, dshow: `video=${spec.device}` }[
        spec.format
      ];
    case 'test':
      return `testsrc2=size=${spec.width}x${spec.height}:rate=${spec.fps}`;
  }
}

function outputOptions({ width, fps, ffmpeg }: ReadOptions): string[] {
  const filters = [
    // The first frame of each 1/fps of a second; unlike ffmpeg's fps filter it never repeats or holds back a frame.
    ...(fps === null ? [] : [`select=not(eq(floor(t*${fps})\\,floor(prev_selected_t*${fps})))`]),
    ...(width === null ? [] : [`scale=min(${width}\\,iw):-2:flags=bilinear`]),
  ];
  return [
    ...['-map', '0:v:0'],
    ...(filters.length === 0 ? [] : ['-vf', filters.join(',')]),
    // Every frame as it comes: neither doubled nor left out to even out the rate.
    ...(hasFpsMode(ffmpeg) ? ['-fps_mode', 'passthrough'] : ['-vsync', '0']),
    ...['-f', 'image2pipe', '-c:v', 'ppm', '-pix_fmt', 'rgb24', '-threads', '1'],
  ];
}

function hasFpsMode({ major, minor }: FfmpegVersion): boolean {
  return major > 5 || (major === 5 && minor >= 1);
}

function microseconds(milliseconds: number): string {
  return String(Math.round(milliseconds * 1000));
}
