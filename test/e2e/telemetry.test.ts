import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { packageRoot } from '../../src/config/package-root.js';
import { defaultCacheDir } from '../../src/models/model-store.js';
import { EventStream, videoFrames } from '../helpers/event-stream.js';
import { assetPaths, franck } from '../helpers/photos.js';
import { sightline, temporaryFolder } from '../helpers/sightline.js';
import { NewUser, noStraceReason, readDeeds, Traced } from '../helpers/traced.js';

/** Nothing that Sightline loads contacts anybody, or leaves files where Sightline has none. */

// Only ends what hangs; strace and a busy machine take their time.
vi.setConfig({ testTimeout: 180_000 });

const folder = temporaryFolder();
const user = new NewUser(join(folder.path, 'user'));
const data = join(folder.path, 'data');
const program = join(packageRoot(), 'dist', 'src', 'main.js');
const threadAlone = fileURLToPath(new URL('../helpers/thread-alone.mjs', import.meta.url));
const closeWhileLoading = fileURLToPath(new URL('../helpers/close-while-loading.mjs', import.meta.url));
const worker = (name: string): string => join(packageRoot(), 'dist', 'workers', `${name}.js`);
let photos: string[];
let video: string;

beforeAll(async () => {
  photos = await assetPaths(franck);
  [video] = (await assetPaths(['demo-franck'])) as [string];
  const enrolled = await sightline(['enroll', ...photos.slice(0, 1), '--name', 'Franck', '--data', data]);
  expect(enrolled.code, enrolled.stderr).toBe(0);
}, 180_000);
afterAll(() => folder.remove());

/** What was done that was not to be done. */
function misdeeds(traced: Traced): unknown {
  const { written, ...contacts } = traced.deeds();
  const allowed = [data, user.temporary, defaultCacheDir(), '/dev', '/proc'];
  const elsewhere = written.filter(
    (path) => !allowed.some((root) => path === root || path.startsWith(`${root}/`)),
  );
  return { ...contacts, written: elsewhere, home: user.leftAtHome() };
}

const none = { contacted: [], prepared: [], written: [], home: [] };

describe.skipIf(noStraceReason !== null)('under strace', () => {
  it('identify contacts nobody and writes nowhere else', async () => {
    const args = ['identify', photos[1]!, '--detector', 'mtcnn', '--json', '--data', data];
    const traced = new Traced([program, ...args], user, join(folder.path, 'identify'));
    const { code, stdout, stderr } = await traced.finished;
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('"name": "Franck"');
    expect(misdeeds(traced)).toEqual(none);
    // So that an empty log would not pass.
    expect(traced.deeds().written).toContain(join(data, 'gallery.db'));
  });

  it('run contacts nobody and writes nowhere else', async () => {
    const args = ['run', video, '--loop', '--port', '0', '--data', data];
    const traced = new Traced([program, ...args], user, join(folder.path, 'run'));
    try {
      const url = await served(traced);
      const stream = await EventStream.open(url);
      await stream.until(({ type }) => type === 'sightline.identity.recognized');
      // A viewer has names drawn, with fonts.
      expect(await videoFrames(url, 'cam1', 3)).toHaveLength(3);
      stream.close();
    } finally {
      traced.process.kill('SIGINT');
    }
    expect((await traced.finished).code).toBe(0);
    expect(misdeeds(traced)).toEqual(none);
    expect(traced.deeds().written).toContain(join(data, 'gallery.db'));
  });

  it('neither do threads that a program starts by our parts', async () => {
    const args = [closeWhileLoading, join(packageRoot(), 'dist'), defaultCacheDir()];
    const traced = new Traced(args, user, join(folder.path, 'threads'));
    const { code, stderr } = await traced.finished;
    expect(code, stderr).toBe(0);
    expect(misdeeds(traced)).toEqual(none);
  });
});

describe('a thread alone', () => {
  it.each(['embed', 'detect'])('%s refuses where it cannot switch telemetry off', (name) => {
    const { stdout } = runNode([threadAlone, worker(name), defaultCacheDir()]);
    expect(stdout).toBe('TELEMETRY_NOT_DISABLED\nexit code 1\n');
    expect(user.leftAtHome()).toEqual([]);
  });

  it.each(['embed', 'detect'])('%s loads its networks where the program has switched it off', (name) => {
    const args = [threadAlone, worker(name), defaultCacheDir()];
    const { stdout } = runNode(args, { ORT_DISABLE_TELEMETRY: '1' });
    expect(stdout).toBe('ended\n');
    expect(user.leftAtHome()).toEqual([]);
  });
});

it('the cache of the system’s fonts is kept beside the fonts', async () => {
  // As on a machine whose own cache is missing or cannot be written.
  const fonts = join(folder.path, 'fonts.conf');
  await writeFile(
    fonts,
    `<fontconfig><dir>${user.temporary}</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>`,
  );
  const models = join(folder.path, 'models');
  await mkdir(models);
  for (const file of await readdir(defaultCacheDir())) {
    if (file !== 'fonts') await symlink(join(defaultCacheDir(), file), join(models, file));
  }
  const drawn = join(folder.path, 'drawn.jpg');
  const { status, stderr } = runNode(
    [program, 'identify', photos[1]!, '--draw', drawn, '--data', data, '--models-dir', models],
    { FONTCONFIG_FILE: fonts },
  );
  expect(status, stderr).toBe(0);
  expect(user.leftAtHome()).toEqual([]);
  expect(await readdir(join(models, 'fonts', 'fontconfig'))).toContain('CACHEDIR.TAG');
});

it('a command line of 100 kB is no reason to crash', () => {
  const { status, signal, stdout } = runNode([
    ...[program, 'detect', '--detector', 'mtcnn', '--json', photos[1]!],
    ...Array.from({ length: 100 }, (_, index) => `/nowhere/${index}${'x'.repeat(1000)}.jpg`),
  ]);
  expect({ status, signal }).toEqual({ status: 1, signal: null });
  expect(JSON.parse(stdout)).toMatchObject([{ image: photos[1], faces: [{}] }]);
  expect(user.leftAtHome()).toEqual([]);
});

it('what is sent to others, and looked up, is found in a log (so that the tests above can fail)', () => {
  const log = [
    '7 connect(24<socket:[1]>, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, 16) = 0',
    '7 sendto(24<UDP:[1]>, "a", 1, 0, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, 28) = 1',
    '7 connect(24<socket:[1]>, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16 <unfinished ...>',
    '7 connect(24<socket:[1]>, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT',
    '7 openat(AT_FDCWD</a>, "/etc/ssl/certs/ca-certificates.crt", O_RDONLY) = 3',
    '7 mkdirat(5</home>, "me", 0777 <unfinished ...>',
    '7 openat(AT_FDCWD</a>, "b", O_RDWR|O_CREAT, 0666) = -1 EACCES (Permission denied)',
    '7 openat(AT_FDCWD</a>, "c", O_RDONLY|O_CLOEXEC) = 3',
  ];
  expect(readDeeds(log.join('\n'), '/a')).toEqual({
    contacted: ['127.0.0.53 port 53', '2001:db8::1 port 443', '/var/run/nscd/socket'],
    prepared: ['/etc/ssl/certs/ca-certificates.crt'],
    written: ['/home/me', '/a/b'],
  });
});

function runNode(args: readonly string[], more: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, args, {
    env: user.environment(more),
    encoding: 'utf8',
    timeout: 120_000,
  });
}

/** Where the page is, once the program serves it. */
function served(traced: Traced): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    traced.process.stdout?.on('data', (chunk: string) => {
      text += chunk;
      const url = /Sightline is at (\S+)/.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    });
    void traced.finished.then(({ stderr }) =>
      reject(new Error(`Sightline ended before it served: ${stderr}`)),
    );
  });
}
