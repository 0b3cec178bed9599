import type { Rotation } from '../core/turn-yuv.js';
import type { SourceSpec } from './source-spec.js';
import { isLive } from './source-spec.js';

/** How to read a source. */
export interface ReadOptions {
  /** Whether RTSP media comes over the RTSP connection (`tcp`, falls back to UDP when the camera refuses) or over UDP. */
  readonly transport: 'tcp' | 'udp';
  /** ffmpeg's name for a hardware decoder (`vaapi`, `cuda`, `auto` …), or null for software. */
  readonly hwaccel: string | null;
  /** How far the picture is turned clockwise, in degrees, before it is mirrored and scaled. */
  readonly rotate: Rotation;
  readonly flip: Flip;
  /** Maximum picture width in pixels; the height follows the aspect ratio and is even. Null for the source's own. */
  readonly width: number | null;
  /** Most frames a second for analysis; frames are never repeated. */
  readonly analysisFps: number;
  /** Most frames a second for viewers, null for the source's own rate; undefined when nobody can watch the source. */
  readonly viewFps: number | null | undefined;
  /** Whether to play a file again and again. */
  readonly loop: boolean;
  /** ffmpeg gives up by itself after this many milliseconds without a byte from the network. */
  readonly ioTimeoutMs: number;
  /** Where ffmpeg finds a source of the network: at a relay of this program. Undefined for other sources. */
  readonly relayUrl: string | undefined;
  readonly ffmpeg: FfmpegVersion;
}

/** Exchanges left and right (`horizontal`) or top and bottom (`vertical`). */
export type Flip = 'none' | 'horizontal' | 'vertical';

/** The release that an ffmpeg build belongs to. */
export interface FfmpegVersion {
  readonly major: number;
  readonly minor: number;
}

/**
 * An ffmpeg command line in parts: `ffmpeg ...inputOptions -i input [...viewOptions pipe:3] ...outputOptions pipe:1`.
 * ffmpeg tells on pipe:4 how far it is.
 */
export interface FfmpegArguments {
  readonly inputOptions: readonly string[];
  readonly input: string;
  /** What ffmpeg reads from stdin before anything else. */
  readonly stdin?: string;
  /** Of the output for viewers; undefined for a source without one. */
  readonly viewOptions?: readonly string[];
  readonly outputOptions: readonly string[];
}

/** The descriptors of ffmpeg beside its stdout and stderr. */
export const viewPipe = 3;
export const progressPipe = 4;

/** Two threads are enough to decode 4K on a small machine; each further thread delays the picture by one frame. */
const decoderThreads = ['-threads', '2'];
/**
 * No decoder delay and no estimation of the frame rate: frames are timed on arrival. The opening probe must be long
 * enough for a camera that describes its stream only with its next key frame. `-fflags nobuffer` is left out on purpose:
 * it discards the probed packets, key frame included, and delayed the first picture by a whole key frame interval.
 */
const lowLatency = ['-flags', 'low_delay', '-fpsprobesize', '0', '-analyzeduration', '3000000'];
/** Room for the burst of packets of one key frame; the kernel's default size loses some at 1080p. */
const udpBufferBytes = 4 << 20;

/**
 * What ffmpeg needs to reach the relay, which speaks TLS and plays playlists. None of the formats opens anything else by
 * itself, which ffmpeg's readers of playlists would (docs/adr/0016).
 */
const httpProtocols = 'http,tcp';
const httpFormats =
  'mpjpeg,mjpeg,jpeg_pipe,png_pipe,mpegts,mpeg,mov,mp4,matroska,webm,avi,flv,ogg,h264,hevc,mpegvideo,m4v';
const rtspProtocols = 'rtp,udp,tcp';
const streamProtocols = 'pipe,rtmp,rtmps,tcp,tls,srt,udp';

/**
 * Builds the command line that turns a source into planar YUV pictures in NUT (docs/adr/0012): those for analysis on
 * stdout, and those for viewers on a pipe of their own. The output for viewers comes first, because ffmpeg's progress
 * counts the pictures of its first output.
 */
export function buildArguments(spec: SourceSpec, options: ReadOptions): FfmpegArguments {
  return {
    inputOptions: [...commonOptions, ...decodingOptions(options), ...sourceOptions(spec, options)],
    input: options.relayUrl ?? inputOf(spec),
    ...stdinOf(spec),
    ...pictureOutputs(options),
  };
}

/** Builds the command line that copies the packets of a source, undecoded, to stdout in NUT. */
export function buildCopyArguments(spec: SourceSpec, options: ReadOptions): FfmpegArguments {
  return {
    inputOptions: [...commonOptions, ...sourceOptions(spec, options)],
    input: options.relayUrl ?? inputOf(spec),
    ...stdinOf(spec),
    outputOptions: ['-map', '0:v:0', '-map_metadata', '-1', '-c:v', 'copy', ...container],
  };
}

/** Builds the command line that decodes packets in NUT from stdin as `buildArguments` does those of a source. */
export function buildDecoderArguments(options: ReadOptions): FfmpegArguments {
  // `-copyts` keeps the clock of the packets, by which their pictures are known.
  const input = ['-copyts', '-fpsprobesize', '0', '-protocol_whitelist', 'pipe', '-f', 'nut'];
  return {
    inputOptions: [...commonOptions, ...decodingOptions(options), ...input],
    input: 'pipe:0',
    ...pictureOutputs(options),
  };
}

const commonOptions = [
  ...['-hide_banner', '-nostdin', '-nostats', '-progress', `pipe:${progressPipe}`],
  // The level on every line tells complaints, which are worth showing, from what the source is.
  ...['-loglevel', 'level+info'],
];

function decodingOptions({ hwaccel }: ReadOptions): string[] {
  return [...decoderThreads, ...(hwaccel === null ? [] : ['-hwaccel', hwaccel])];
}

function pictureOutputs(options: ReadOptions): Pick<FfmpegArguments, 'viewOptions' | 'outputOptions'> {
  const { viewFps, analysisFps } = options;
  return {
    ...(viewFps === undefined
      ? {}
      : { viewOptions: [...pictureOptions(viewFps, options), ...droppingContainer] }),
    outputOptions: [...pictureOptions(analysisFps, options), ...container],
  };
}

function sourceOptions(spec: SourceSpec, options: ReadOptions): string[] {
  switch (spec.kind) {
    case 'rtsp':
      return [...lowLatency, ...rtspOptions(options), ...['-protocol_whitelist', rtspProtocols]];
    case 'http':
      return [
        ...['-protocol_whitelist', httpProtocols],
        ...['-format_whitelist', httpFormats],
        ...['-rw_timeout', microseconds(options.ioTimeoutMs)],
        ...(isLive(spec) ? lowLatency : pacedOptions(options)),
      ];
    case 'stream':
      // The address stands in a list on stdin, because arguments are shown to whoever lists processes.
      return [...lowLatency, ...['-protocol_whitelist', streamProtocols], ...['-f', 'concat', '-safe', '0']];
    case 'file':
      return pacedOptions(options);
    case 'webcam':
      return [...lowLatency, '-f', spec.format];
    case 'test':
      return ['-re', '-f', 'lavfi'];
  }
}

function rtspOptions({ transport, ffmpeg, ioTimeoutMs }: ReadOptions): string[] {
  return [
    // `prefer_tcp` still falls back to UDP when the camera answers 461 Unsupported Transport.
    ...(transport === 'tcp' ? ['-rtsp_flags', 'prefer_tcp'] : ['-rtsp_transport', 'udp']),
    ...['-buffer_size', String(udpBufferBytes), '-allowed_media_types', 'video'],
    // Before ffmpeg 5, `-timeout` made it wait for the camera to call.
    ...[ffmpeg.major >= 5 ? '-timeout' : '-stimeout', microseconds(ioTimeoutMs)],
  ];
}

function pacedOptions({ loop }: ReadOptions): string[] {
  return ['-re', ...(loop ? ['-stream_loop', '-1'] : [])];
}

/** @returns nothing for a source whose address may stand among the arguments */
function stdinOf(spec: SourceSpec): Pick<FfmpegArguments, 'stdin'> {
  if (spec.kind !== 'stream') return {};
  return { stdin: `ffconcat version 1.0\nfile '${spec.url.replaceAll("'", "'\\''")}'\n` };
}

function inputOf(spec: SourceSpec): string {
  switch (spec.kind) {
    case 'rtsp':
    case 'http':
      throw new Error('Expected a relay in front of a source of the network.');
    case 'stream':
      return 'pipe:0';
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

/** NUT without the index, for which ffmpeg would keep a note of every picture; each picture is sent at once. */
const container = ['-flush_packets', '1', '-write_index', '0', '-f', 'nut'];
/** The same behind a short queue, which drops pictures while nobody reads them. */
const droppingContainer = [
  ...['-f', 'fifo', '-fifo_format', 'nut', '-format_opts', 'flush_packets=1:write_index=0'],
  ...['-drop_pkts_on_overflow', '1', '-queue_size', '2'],
];

/** Stretches pictures whose pixels are not square; others pass as they are, without a copy. */
const squarePixels = 'scale=round(iw*max(sar\\,1)):round(ih/min(sar\\,1)):flags=bilinear,setsar=1';
const turns: Readonly<Record<Rotation, readonly string[]>> = {
  0: [],
  90: ['transpose=clock'],
  180: ['hflip', 'vflip'],
  270: ['transpose=cclock'],
};
const flips: Readonly<Record<Flip, readonly string[]>> = {
  none: [],
  horizontal: ['hflip'],
  vertical: ['vflip'],
};

function pictureOptions(fps: number | null, { rotate, flip, width, ffmpeg }: ReadOptions): string[] {
  const filters = [
    ...(fps === null ? [] : [firstOfEach(fps)]),
    ...[squarePixels, ...turns[rotate], ...flips[flip]],
    ...(width === null ? [] : [`scale=min(${width}\\,iw):-2:flags=bilinear`]),
  ];
  return [
    ...['-map', '0:v:0', '-map_metadata', '-1', '-vf', filters.join(',')],
    // Every frame as it comes, with its time in ms: none is duplicated or dropped to smooth the rate.
    ...(hasFpsMode(ffmpeg) ? ['-fps_mode', 'passthrough'] : ['-vsync', '0']),
    ...['-enc_time_base', '1:1000', '-c:v', 'rawvideo', '-pix_fmt', 'yuv420p'],
  ];
}

/**
 * Keeps the first frame of each 1/fps of a second; unlike ffmpeg's fps filter it never repeats or delays a frame. What is
 * added keeps frames apart that come at exactly this rate, because their times are rounded.
 */
function firstOfEach(fps: number): string {
  const slot = (time: string): string => `floor(${time}*${fps}+0.001)`;
  return `select=not(eq(${slot('t')}\\,${slot('prev_selected_t')}))`;
}

function hasFpsMode({ major, minor }: FfmpegVersion): boolean {
  return major > 5 || (major === 5 && minor >= 1);
}

function microseconds(milliseconds: number): string {
  return String(Math.round(milliseconds * 1000));
}
