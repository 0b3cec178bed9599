import { execFile } from 'node:child_process';
import { accessSync, chmodSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { SightlineError } from '../core/errors.js';
import type { FfmpegVersion } from './ffmpeg-arguments.js';

/** An ffmpeg that runs on this machine. */
export interface FfmpegBinary {
  readonly path: string;
  /** As ffmpeg names itself, such as `5.1.9-0+deb12u1`. */
  readonly version: string;
  readonly release: FfmpegVersion;
  /** `path`: installed on the machine; `bundled`: the one of the npm package @ffmpeg-installer/ffmpeg. */
  readonly origin: 'path' | 'bundled';
}

const run = promisify(execFile);
const TIMEOUT_MS = 10_000;
/** Builds that carry a revision for a version are dated by their copyright; 5.1 came out in 2022. */
const FIRST_YEAR_OF_5_1 = 2023;

let found: Promise<FfmpegBinary> | undefined;

/**
 * The ffmpeg to use: the one on PATH, else the bundled one. Looked for once and remembered, unless there was none.
 *
 * @throws SightlineError FFMPEG_MISSING when neither runs.
 */
export function findFfmpeg(): Promise<FfmpegBinary> {
  found ??= search().catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return found;
}

/** The release named by the first line of `ffmpeg -version`; builds without a number count as 4.0 or, if newer, 5.1. */
export function parseFfmpegVersion(banner: string): { version: string; release: FfmpegVersion } {
  const version = /^ffmpeg version (\S+)/.exec(banner)?.[1] ?? 'unknown';
  const [, major, minor = '0'] = /^n?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major !== undefined) return { version, release: { major: Number(major), minor: Number(minor) } };
  const year = Number(/Copyright \(c\) \d{4}-(\d{4})/.exec(banner)?.[1] ?? 0);
  return { version, release: year >= FIRST_YEAR_OF_5_1 ? { major: 5, minor: 1 } : { major: 4, minor: 0 } };
}

/** The bundled ffmpeg, whatever is on PATH. Throws FFMPEG_MISSING when it is not there or does not run. */
export async function bundledFfmpeg(): Promise<FfmpegBinary> {
  try {
    const path = bundledPath();
    makeExecutable(path);
    return { path, origin: 'bundled', ...(await askVersion(path)) };
  } catch (cause) {
    // The package throws plain strings.
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SightlineError('FFMPEG_MISSING', `Expected an ffmpeg on PATH or the bundled one: ${reason}`, {
      cause,
    });
  }
}

async function search(): Promise<FfmpegBinary> {
  const path = await locateOnPath();
  if (path === undefined) return bundledFfmpeg();
  try {
    return { path, origin: 'path', ...(await askVersion(path)) };
  } catch {
    return bundledFfmpeg();
  }
}

async function locateOnPath(): Promise<string | undefined> {
  const windows = process.platform === 'win32';
  const [program, args]: [string, string[]] = windows
    ? ['where.exe', ['ffmpeg']]
    : ['/bin/sh', ['-c', 'command -v ffmpeg']];
  try {
    const { stdout } = await run(program, args, { timeout: TIMEOUT_MS });
    return stdout.split(/\r?\n/)[0]?.trim() || undefined;
  } catch {
    return undefined;
  }
}

async function askVersion(path: string): Promise<{ version: string; release: FfmpegVersion }> {
  const { stdout } = await run(path, ['-hide_banner', '-version'], { timeout: TIMEOUT_MS });
  return parseFfmpegVersion(stdout);
}

function bundledPath(): string {
  const installer = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string };
  return installer.path;
}

/** Package managers that skip install scripts leave the file without its executable bit. */
function makeExecutable(path: string): void {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    chmodSync(path, 0o755);
  }
}
