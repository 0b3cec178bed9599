import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create } from 'tar';
import type { Asset } from '../../../src/models/manifest.js';

const packageName = 'sightline-test-assets';

/** A package registry on a free loopback port, holding one package; the real npm client is pointed at it. */
export interface LocalRegistry {
  readonly url: string;
  /** How often the tarball was asked for. */
  downloads(): number;
  close(): Promise<void>;
}

/** Serves `files` (path in the package → content) as version 1.0.0 of `packageName`. */
export async function startRegistry(
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<LocalRegistry> {
  const tarball = await packFiles(files);
  let downloads = 0;
  const server = createServer((request, response) => {
    if (request.url?.endsWith('.tgz')) downloads++;
    answer(request, response, tarball);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url, downloads: () => downloads, close };
}

function answer({ url, headers }: IncomingMessage, response: ServerResponse, tarball: Buffer): void {
  if (url === `/${packageName}`) {
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    const dist = { tarball: `http://${headers.host}/${packageName}-1.0.0.tgz`, integrity };
    const version = { name: packageName, version: '1.0.0', dist };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ name: packageName, 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } }),
    );
  } else if (url === `/${packageName}-1.0.0.tgz`) {
    response.end(tarball);
  } else {
    response.writeHead(404).end('{}');
  }
}

async function packFiles(files: Readonly<Record<string, string | Uint8Array>>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'sightline-registry-'));
  const manifest = JSON.stringify({ name: packageName, version: '1.0.0' });
  for (const [path, content] of Object.entries({ ...files, 'package.json': manifest })) {
    await mkdir(join(folder, 'package', dirname(path)), { recursive: true });
    await writeFile(join(folder, 'package', path), content);
  }
  await create({ cwd: folder, file: join(folder, 'package.tgz'), gzip: true }, ['package']);
  const tarball = await readFile(join(folder, 'package.tgz'));
  await rm(folder, { recursive: true });
  return tarball;
}

/** An asset of the package that needs no conversion. */
export function testAsset(id: string, path: string, content: string | Uint8Array): Asset {
  return {
    id,
    kind: 'media',
    package: packageName,
    version: '1.0.0',
    path,
    sha256: createHash('sha256').update(content).digest('hex'),
    licence: 'MIT',
    conversion: { kind: 'none' },
    file: `${id}.bin`,
    description: 'for tests',
  };
}

/** A loopback port that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
