import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../../src/config/load-config.js';
import { packageRoot } from '../../../src/config/package-root.js';
import { defaultCacheDir } from '../../../src/models/model-store.js';
import { assetPaths, franck } from '../../helpers/photos.js';

/** What the image is made of, run without a container engine. */

const run = promisify(execFile);
const at = (...path: string[]): string => join(packageRoot(), ...path);

/** The COPY lines of the Dockerfile: paths of this folder, or of the stage `build`. */
function copies() {
  const lines = readFileSync(at('Dockerfile'), 'utf8').matchAll(/^COPY (?:--from=(\w+) )?(.+) \S+$/gm);
  return [...lines].flatMap(([, from, sources = '']) => sources.split(' ').map((path) => ({ from, path })));
}

describe('the Dockerfile', () => {
  it('copies what is there, and nothing that is kept out of its reach', () => {
    const paths = copies().flatMap(({ from, path }) => (from === undefined ? [path] : []));
    expect(paths).toContain('package-lock.json');
    const ignored = readFileSync(at('.dockerignore'), 'utf8').split('\n').filter(Boolean);
    for (const path of paths) {
      expect([path, existsSync(at(path.replace(/\/\*\.wasm$/, '')))]).toEqual([path, true]);
      expect(ignored).not.toContain(path);
    }
    const built = copies().flatMap(({ from, path }) => (from === undefined ? [] : [path]));
    for (const path of built)
      expect([path, existsSync(path.replace(/^\/app/, packageRoot()))]).toEqual([path, true]);
  });

  it('makes a camera for docker-compose.yml from a video that there is', () => {
    const { services } = parse(readFileSync(at('docker-compose.yml'), 'utf8')) as {
      services: Record<string, { build: { target?: string }; environment: Record<string, string> }>;
    };
    const { build, environment } = services['test-camera']!;
    expect(readFileSync(at('Dockerfile'), 'utf8')).toContain(` AS ${build.target}\n`);
    const video = /-i (\S+)/.exec(environment['MTX_PATHS_CAM_RUNONINIT']!)?.[1];
    expect(copies()).toContainEqual({ from: 'build', path: `/app/models/cache${video}` });
  });

  it.each(['docker-compose.yml', 'deploy/compose.frigate.yaml'])('is given cameras by %s', async (file) => {
    const { services, volumes } = parse(readFileSync(at(file), 'utf8')) as {
      services: Record<string, { build?: string; environment?: Record<string, string>; volumes?: string[] }>;
      volumes: Record<string, null>;
    };
    const { build, environment = {}, volumes: mounts = [] } = services['sightline']!;
    expect(existsSync(join(dirname(at(file)), build!, 'Dockerfile'))).toBe(true);
    const { cameras } = await loadConfig({ environment });
    expect(cameras.length).toBeGreaterThan(0);
    // Each address is a service of the same file, or the stream would have to be looked for elsewhere.
    for (const { url, detectUrl } of cameras)
      for (const address of [url, detectUrl ?? url])
        expect(Object.keys(services)).toContain(new URL(address).hostname);
    expect(mounts.map((mount) => mount.split(':')[0])).toEqual(Object.keys(volumes));
  });
});

it('what container/slim.mjs leaves is enough to know somebody', async () => {
  mkdirSync(at('test-results'), { recursive: true });
  const app = mkdtempSync(at('test-results', 'image-'));
  onTestFinished(() => rmSync(app, { recursive: true }));
  // Links, so that nothing is copied; what is removed there stays here.
  execFileSync('cp', ['-al', at('node_modules'), join(app, 'node_modules')]);
  const modules = ['models/manifest.json', 'kernels', 'dist', 'package.json'];
  for (const path of modules) cpSync(at(path), join(app, path), { recursive: true });
  const size = (): number =>
    Number(
      execFileSync('du', ['-sm', join(app, 'node_modules')])
        .toString()
        .split('\t')[0],
    );
  const before = size();
  await run(process.execPath, [at('container', 'slim.mjs'), join(app, 'node_modules')]);
  expect(before - size()).toBeGreaterThan(250);
  expect(existsSync(at('node_modules', '@ffmpeg-installer'))).toBe(true);
  const [photo] = await assetPaths(franck);
  const detect = [join(app, 'dist/src/main.js'), 'detect', '--detector', 'mtcnn', '--json', photo!];
  const { stdout } = await run(process.execPath, [...detect, '--models-dir', defaultCacheDir()]);
  expect(JSON.parse(stdout)).toMatchObject([{ faces: [{}] }]);
});

it('container/health.mjs asks the port that the program listens on', async () => {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/healthz' ? 200 : 404;
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = String((server.address() as AddressInfo).port);
  const check = () =>
    run(process.execPath, [at('container', 'health.mjs')], {
      env: { ...process.env, SIGHTLINE_SERVER_PORT: port },
    });
  await expect(check()).resolves.toBeDefined();
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
  await expect(check()).rejects.toMatchObject({ code: 1 });
});
