import { fileURLToPath } from 'node:url';
import { SightlineError } from '../core/errors.js';
import { readNetworkAddress, type NetworkAddress } from './network-address.js';
import { redactUrl } from './redact.js';
import { readUrl } from './url-parts.js';

/** A parsed source string. */
export type SourceSpec =
  | { readonly kind: 'rtsp'; readonly address: NetworkAddress }
  /** `recording`: a finished file behind a URL, which is played in real time and ends. */
  | { readonly kind: 'http'; readonly address: NetworkAddress; readonly recording: boolean }
  /** A stream that ffmpeg itself connects to. */
  | { readonly kind: 'stream'; readonly scheme: StreamScheme; readonly url: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'webcam'; readonly format: WebcamFormat; readonly device: string }
  | { readonly kind: 'test'; readonly width: number; readonly height: number; readonly fps: number };

/** What ffmpeg is asked to speak by itself, if it was built with it. */
export type StreamScheme = 'rtmp' | 'rtmps' | 'srt';

/** The capture interface of the platform: Linux, macOS, Windows. */
export type WebcamFormat = 'v4l2' | 'avfoundation' | 'dshow';

const knownSources =
  'an rtsp://, rtsps://, http://, https://, rtmp://, rtmps://, srt:// or file:// URL, a file path, webcam: or test:';
const recordingFile = /\.(mp4|m4v|mov|mkv|webm|avi)$/i;
const testSize = /^(\d{2,4})x(\d{2,4})(?:@(\d{1,3}))?$/;

/**
 * Parses a source string. A scheme needs at least two letters, so that `C:\video.mp4` is a path; a file whose
 * name contains a colon can be given as `./a:b.mp4`.
 *
 * @throws SightlineError SOURCE_INVALID when it is none of the kinds above, SOURCE_LOGIN_AMBIGUOUS
 */
export function parseSource(source: string, platform: NodeJS.Platform): SourceSpec {
  const text = source.trim();
  if (text === '') throw invalid('an empty string');
  if (text.includes('\0')) throw invalid('a string with a NUL character');
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(text) ?? [];
  switch (scheme?.toLowerCase()) {
    case undefined:
      return { kind: 'file', path: text };
    case 'rtsp':
    case 'rtsps':
      return { kind: 'rtsp', address: readNetworkAddress(text) };
    case 'http':
    case 'https': {
      const address = readNetworkAddress(text);
      return { kind: 'http', address, recording: recordingFile.test(address.target.replace(/\?.*$/s, '')) };
    }
    case 'rtmp':
    case 'rtmps':
    case 'srt':
      return stream(scheme?.toLowerCase() as StreamScheme, text);
    case 'file':
      return { kind: 'file', path: filePath(text) };
    case 'webcam':
      return webcam(rest, platform);
    case 'test':
      return testPattern(rest);
    default:
      throw invalid(
        `${redactUrl(text)}, whose scheme is not supported (for a file of that name, put ./ before it)`,
      );
  }
}

/** Whether a source string names something on the network; one that cannot be parsed does not. */
export function isOnNetwork(source: string): boolean {
  try {
    return 'address' in parseSource(source, process.platform);
  } catch {
    return false;
  }
}

/** Whether the source never ends by itself, so that its end is a failure and worth a retry. */
export function isLive(spec: SourceSpec): boolean {
  return spec.kind !== 'file' && !(spec.kind === 'http' && spec.recording);
}

const notPictures = /\.(m3u8|mpd|ts|flv)$/i;

/** Whether the source may be JPEG pictures over HTTP, by its address. */
export function mayBePictures(spec: SourceSpec): spec is Extract<SourceSpec, { kind: 'http' }> {
  return (
    spec.kind === 'http' && !spec.recording && !notPictures.test(spec.address.target.replace(/\?.*$/s, ''))
  );
}

function invalid(received: string): SightlineError {
  return new SightlineError('SOURCE_INVALID', `Expected ${knownSources} but received ${received}.`);
}

function stream(scheme: StreamScheme, text: string): SourceSpec {
  const [parts, other] = readUrl(text);
  if (parts === undefined || other !== undefined || /\s/.test(text))
    throw invalid(`${redactUrl(text)}, which is not a complete URL`);
  return { kind: 'stream', scheme, url: text };
}

function filePath(text: string): string {
  try {
    return fileURLToPath(text);
  } catch {
    throw invalid(`${redactUrl(text)}, which is not a file:// URL of this machine`);
  }
}

function webcam(device: string, platform: NodeJS.Platform): SourceSpec {
  switch (platform) {
    case 'darwin':
      return { kind: 'webcam', format: 'avfoundation', device: device || '0' };
    case 'win32':
      // DirectShow identifies devices by name only.
      if (device === '' || /^\d+$/.test(device)) {
        throw invalid('webcam: without a name (on Windows give webcam:NAME as the device manager shows it)');
      }
      return { kind: 'webcam', format: 'dshow', device };
    default:
      return { kind: 'webcam', format: 'v4l2', device: v4l2Device(device || '0') };
  }
}

function v4l2Device(device: string): string {
  if (device.startsWith('/')) return device;
  return /^\d+$/.test(device) ? `/dev/video${device}` : `/dev/${device}`;
}

function testPattern(rest: string): SourceSpec {
  if (rest === '') return { kind: 'test', width: 1280, height: 720, fps: 25 };
  const match = testSize.exec(rest);
  const [width, height, fps] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3] ?? 25)];
  if (!match || !width || !height || !fps)
    throw invalid('a test: source that does not look like test:1280x720@25');
  return { kind: 'test', width, height, fps };
}
