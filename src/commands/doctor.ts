import { createServer } from 'node:net';
import type { Command } from 'commander';
import { openStore } from '../app/open-store.js';
import type { Config } from '../config/schema.js';
import { asSightlineError, SightlineError } from '../core/errors.js';
import { findFfmpeg } from '../ingest/ffmpeg-binary.js';
import { assertComplete, assertFitForNetwork } from '../ingest/ffmpeg-fitness.js';
import { redactUrl } from '../ingest/redact.js';
import { isOnNetwork } from '../ingest/source-spec.js';
import { isPulled } from '../models/manifest.js';
import { defaultCacheDir, ModelStore } from '../models/model-store.js';
import { CameraCheck } from './doctor-camera.js';
import { configFrom, withOptions, type SharedOptions } from './options.js';

const oldestNode = [20, 19] as const;

interface Check {
  readonly name: string;
  /** What was found; throws a SightlineError that says what is wrong. */
  readonly run: () => Promise<string>;
}

/** `sightline doctor [url…]` */
export function doctorCommand(command: Command): void {
  command.argument('[url...]', 'cameras to try; instead of those of the configuration');
  withOptions(command, ['config', 'host', 'port', 'data', 'modelsDir']);
  command.action(async (urls: string[], options: SharedOptions) => {
    const config = await configFrom(options, urls.length > 0 ? { cameras: urls } : {});
    const cameraCheck = new CameraCheck(config);
    let failures = 0;
    for (const check of checks(config, cameraCheck)) failures += (await perform(check)) ? 0 : 1;
    await cameraCheck.close();
    process.stdout.write(failures === 0 ? 'Everything is in order.\n' : `${failures} to mend.\n`);
    process.exitCode = failures === 0 ? 0 : 1;
  });
}

function checks(config: Config, cameraCheck: CameraCheck): Check[] {
  return [
    { name: 'Node', run: checkNode },
    { name: 'ffmpeg', run: () => checkFfmpeg(config.cameras) },
    { name: 'models', run: () => checkModels(config.models.dir ?? defaultCacheDir()) },
    { name: 'gallery', run: () => checkGallery(config.data) },
    { name: 'port', run: () => checkPort(config.server.host, config.server.port) },
    ...config.cameras.flatMap((camera) =>
      [camera.url, camera.detectUrl].flatMap((url) =>
        url === null
          ? []
          : [{ name: `camera ${camera.id} (${redactUrl(url)})`, run: () => cameraCheck.run(camera, url) }],
      ),
    ),
  ];
}

async function perform({ name, run }: Check): Promise<boolean> {
  try {
    process.stdout.write(`✓ ${name}: ${await run()}\n`);
    return true;
  } catch (error) {
    const known = asSightlineError(error);
    process.stdout.write(`✗ ${name}: ${known.code}: ${known.message}\n  ${known.remedy}\n`);
    return false;
  }
}

function checkNode(): Promise<string> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    throw new SightlineError(
      'NODE_TOO_OLD',
      `Expected Node ${oldestNode.join('.')} or newer, but this is ${process.version}.`,
    );
  }
  return Promise.resolve(process.version);
}

async function checkFfmpeg(cameras: Config['cameras']): Promise<string> {
  const ffmpeg = await findFfmpeg();
  const urls = cameras.flatMap(({ url, detectUrl }) => [url, detectUrl ?? '']);
  if (urls.some(isOnNetwork)) await assertFitForNetwork(ffmpeg);
  await assertComplete(ffmpeg);
  const { path, version, origin } = ffmpeg;
  return `${version} at ${path}${origin === 'bundled' ? ' (bundled; none on PATH)' : ''}`;
}

async function checkModels(cacheDir: string): Promise<string> {
  const store = new ModelStore({ cacheDir });
  const models = (await store.verify()).filter(
    ({ asset, state }) => asset.kind === 'model' && (state !== 'missing' || !isPulled(asset)),
  );
  const damaged = models.filter(({ state }) => state === 'damaged').map(({ asset }) => asset.id);
  if (damaged.length > 0) {
    throw new SightlineError(
      'MODEL_CHECKSUM_MISMATCH',
      `Expected the files as fetched, but these differ: ${damaged.join(', ')}.`,
    );
  }
  const missing = models.filter(({ state }) => state === 'missing').map(({ asset }) => asset.id);
  if (missing.length === 0) return `all ${models.length} in ${cacheDir}`;
  await store.checkSource(missing);
  return `${models.length - missing.length} of ${models.length} in ${cacheDir}; fetched when first needed: ${missing.join(', ')}`;
}

async function checkGallery(dataDir: string): Promise<string> {
  const store = await openStore(dataDir, { create: false });
  try {
    const people = await store.people.persons();
    const faces = people.reduce((sum, person) => sum + person.faces, 0);
    return `${people.length} people with ${faces} photos in ${dataDir}`;
  } finally {
    await store.close();
  }
}

function checkPort(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'ADDRESS_UNAVAILABLE';
      reject(new SightlineError(code, `Expected to listen on ${host}:${port}: ${error.message}`));
    });
    server.listen(port, host, () => server.close(() => resolve(`${host}:${port} is free`)));
  });
}
