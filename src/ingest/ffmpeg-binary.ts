import { execFile } from 'node:child_process';
import { accessSync, chmodSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { SightlineError } from '../core/errors.js';
import type { FfmpegVersion } from './ffmpeg-arguments.js';

/** An ffmpeg that runs on this machine. */
export interface FfmpegBinary {
  readonly path: string;
  /** ffmpeg's own name for its version, such as `5.1.9-0+deb12u1`. */
  readonly version: string;
  readonly release: FfmpegVersion;
  /** `path`: installed on the machine; `bundled`: from the npm package @ffmpeg-installer/ffmpeg. */
  readonly origin: 'path' | 'bundled';
}

const run = promisify(execFile);
const timeoutMs = 10_000;
/** Builds named by a revision are dated by their copyright line; 5.1 came out in 2022. */
const firstYearOf51 = 2023;

let found: Promise<FfmpegBinary> | undefined;

/**
 * Finds the ffmpeg to use: the one on PATH, else the bundled one. The result is remembered unless none was found.
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

/** Parses the output of `ffmpeg -version`. Builds without a version number count as 4.0 or, if newer, as 5.1. */
export function parseFfmpegVersion(banner: string): { version: string; release: FfmpegVersion } {
  const version = /^ffmpeg version (\S+)/.exec(banner)?.[1] ?? 'unknown';
  const [, major, minor = '0'] = /^n?(\d+)\.(\d+)/.exec(version) ?? [];
  if (major !== undefined) return { version, release: { major: Number(major), minor: Number(minor) } };
  const year = Number(/Copyright \(c\) \d{4}-(\d{4})/.exec(banner)?.[1] ?? 0);
  return { version, release: year >= firstYearOf51 ? { major: 5, minor: 1 } : { major: 4, minor: 0 } };
}

/** The bundled ffmpeg, whatever is on PATH. @throws SightlineError FFMPEG_MISSING when it is missing or does not run */
export async function bundledFfmpeg(): Promise<FfmpegBinary> {
  try {
    const path = bundledPath();
    makeExecutable(path);
    return { path, origin: 'bundled', ...(await askVersion(path)) };
  } catch (cause) {
    // The package throws plain strings.
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SightlineError(
      'FFMPEG_MISSING',
      `No ffmpeg was found on PATH, and the bundled one does not run: ${reason}`,
      {
        cause,
      },
    );
  }
}

async function search(): Promise<FfmpegBinary> {
  const path = await locateOnPath('ffmpeg');
  if (path === undefined) return bundledFfmpeg();
  try {
    return { path, origin: 'path', ...(await askVersion(path)) };
  } catch {
    return bundledFfmpeg();
  }
}

/** The path of a program that is on PATH. */
export async function locateOnPath(name: string): Promise<string | undefined> {
  const windows = process.platform === 'win32';
  const [program, args]: [string, string[]] = windows
    ? ['where.exe', [name]]
    : ['/bin/sh', ['-c', 'command -v "$0"', name]];
  try {
    const { stdout } = await run(program, args, { timeout: timeoutMs });
    return stdout.split(/\r?\n/)[0]?.trim() || undefined;
  } catch {
    return undefined;
  }
}

async function askVersion(path: string): Promise<{ version: string; release: FfmpegVersion }> {
  const { stdout } = await run(path, ['-hide_banner', '-version'], { timeout: timeoutMs });
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
