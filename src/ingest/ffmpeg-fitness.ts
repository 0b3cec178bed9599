import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SightlineError } from '../core/errors.js';
import type { FfmpegVersion } from './ffmpeg-arguments.js';
import { locateOnPath, type FfmpegBinary } from './ffmpeg-binary.js';

/**
 * Came out in 2020. Older ones work (docs/adr/0012), but what is found wrong in their parsers of network streams is no
 * longer mended; the bundled one is of 2018. It does for files, test pictures and the demo.
 */
const oldestForNetwork: FfmpegVersion = { major: 4, minor: 3 };

/** What the command lines of ffmpeg-arguments.ts need, by the option of ffmpeg that lists it. */
const neededParts = {
  protocol: ['file', 'pipe', 'http', 'rtp', 'tcp', 'udp'],
  demuxer: ['rtsp', 'mpjpeg', 'mjpeg', 'mpegts', 'mov', 'matroska', 'nut'],
  decoder: ['h264', 'hevc', 'mjpeg'],
  encoder: ['rawvideo'],
  muxer: ['nut', 'fifo'],
  filter: ['select', 'scale', 'setsar', 'transpose', 'hflip', 'vflip'],
} as const;

/** Programs that install others, with what to type. The system's own come before those that users add. */
const installers = [
  ['apt-get', 'sudo apt-get install ffmpeg'],
  ['dnf', 'sudo dnf install ffmpeg (from RPM Fusion: ffmpeg-free lacks decoders)'],
  ['apk', 'sudo apk add ffmpeg'],
  ['pacman', 'sudo pacman -S ffmpeg'],
  ['zypper', 'sudo zypper install ffmpeg'],
  ['brew', 'brew install ffmpeg'],
  ['winget', 'winget install Gyan.FFmpeg'],
] as const;

const run = promisify(execFile);
const timeoutMs = 10_000;
/** A line of a list: flags, except for protocols, and one name or several. */
const listed = /^\s*(?:(?:[DE]{1,2}(?: +d)?|[A-Z.]{2,6}) +)?([a-z0-9][\w,]*)/;

/**
 * Checks an ffmpeg that is to read cameras on the network.
 * @throws SightlineError FFMPEG_TOO_OLD with what to type on this system
 */
export async function assertFitForNetwork({ version, release, origin }: FfmpegBinary): Promise<void> {
  const { major, minor } = oldestForNetwork;
  if (release.major > major || (release.major === major && release.minor >= minor)) return;
  const which = origin === 'bundled' ? 'the bundled one, of 2018' : 'the one on PATH';
  throw new SightlineError(
    'FFMPEG_TOO_OLD',
    `Expected ffmpeg ${major}.${minor} or newer to read cameras on the network, but there is only ${which} (${version}). ${await howToInstall()}`,
  );
}

/** @throws SightlineError FFMPEG_INCOMPLETE when an ffmpeg was built without something that Sightline needs */
export async function assertComplete({ path, version }: FfmpegBinary): Promise<void> {
  const missing: string[] = [];
  for (const [kind, names] of Object.entries(neededParts)) {
    const { stdout } = await run(path, ['-hide_banner', `-${kind}s`], { timeout: timeoutMs });
    const there = new Set(stdout.split(/\r?\n/).flatMap((line) => listed.exec(line)?.[1]?.split(',') ?? []));
    missing.push(...names.filter((name) => !there.has(name)).map((name) => `${kind} ${name}`));
  }
  if (missing.length === 0) return;
  throw new SightlineError(
    'FFMPEG_INCOMPLETE',
    `Expected an ffmpeg with all that Sightline needs, but ${version} at ${path} lacks: ${missing.join(', ')}.`,
  );
}

async function howToInstall(): Promise<string> {
  for (const [program, command] of installers) {
    if ((await locateOnPath(program)) !== undefined) return `Install it: ${command}`;
  }
  return 'Install a current one as your system does it, so that it is on PATH.';
}
