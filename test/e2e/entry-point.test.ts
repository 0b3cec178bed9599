import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assetPaths, franck } from '../helpers/photos.js';
import { startSightline, temporaryFolder } from '../helpers/sightline.js';

/** Modules that take longer to load than a command that reads the database takes. */
const heavy =
  /node_modules\/(onnxruntime-|@mediapipe\/|fastify|@fastify\/|sharp\/|protobufjs\/|prom-client\/)/;

/**
 * Every command once as a program of its own, from the built entry point. What commands do in detail other tests see
 * in their own process, which is faster; `run` and `demo` they start as programs.
 */
describe('the program', () => {
  const folder = temporaryFolder();
  const data = ['--data', join(folder.path, 'data')];
  let photos: string[];
  beforeAll(async () => {
    photos = await assetPaths(franck);
  });
  afterAll(() => folder.remove());

  const commands: readonly (readonly [string, () => readonly string[], number, RegExp])[] = [
    ['enroll', () => [photos[0]!, '--name', 'Franck', ...data], 0, /1 enrolled\n$/],
    ['identify', () => [photos[1]!, ...data], 0, /Franck at \(\d+, \d+\)/],
    ['verify', () => [photos[0]!, photos[1]!], 0, /distance 0\.\d{3}/],
    ['people', () => data, 0, /^Franck +1 /m],
    ['unknown', () => data, 0, /^Nobody without a name/],
    ['events', () => data, 0, /^There is no such event/],
    ['reject', () => ['E0', ...data], 1, /^Error EVENT_NOT_FOUND/],
    ['detect', () => [photos[0]!], 0, /face of \d+×\d+ at/],
    ['evaluate', () => ['gallery', ...data], 0, /^photos +1$/m],
    ['train', () => ['classifier', '--data', '/nowhere'], 1, /^Error PHOTOS_NOT_FOUND/],
    ['heads', () => ['list', ...data], 0, /^classifier +off$/m],
    ['models', () => ['list'], 0, /^mobilefacenet +model .* ready /m],
    ['doctor', () => ['--port', '0', ...data], 0, /Everything is in order/],
  ];

  it.each(commands)('%s', async (command, args, expectedCode, expected) => {
    const { code, stdout, stderr } = await startSightline([command, ...args()]);
    expect(expectedCode === 0 ? stdout : stderr).toMatch(expected);
    expect(code, stderr).toBe(expectedCode);
  });

  it.each([['--help'], ['people'], ['unknown'], ['events'], ['reject', 'E0'], ['heads']])(
    'loads no network, server or picture library for %s',
    async (...args) => {
      const loaded = await loadedModules([...args, ...(args[0] === '--help' ? [] : data)]);
      expect(loaded).toContainEqual(expect.stringMatching(/\/dist\/src\/commands\/cli\.js$/));
      expect(loaded.filter((url) => heavy.test(url))).toEqual([]);
    },
  );

  it('converts no network and unpacks nothing when all are there', async () => {
    const loaded = await loadedModules(['detect', photos[0]!]);
    expect(loaded.filter((url) => /onnxruntime-node\//.test(url))).not.toEqual([]);
    expect(loaded.filter((url) => /\/models\/convert\/|node_modules\/(tar|protobufjs)\//.test(url))).toEqual(
      [],
    );
  });

  /** Runs a command and gives the addresses of the scripts that it loaded, which Node lists with their coverage. */
  async function loadedModules(args: readonly string[]): Promise<string[]> {
    const coverage = mkdtempSync(join(folder.path, 'coverage-'));
    await startSightline(args, { NODE_V8_COVERAGE: coverage });
    const reports = readdirSync(coverage).map(
      (file) => JSON.parse(readFileSync(join(coverage, file), 'utf8')) as { result: { url: string }[] },
    );
    return reports.flatMap(({ result }) => result.map(({ url }) => url));
  }

  it('has no other commands', async () => {
    const { stdout } = await startSightline(['--help']);
    const [, list = ''] = stdout.split('Commands:');
    const listed = [...list.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
    const tested = commands.map(([command]) => command);
    expect(listed.sort()).toEqual(['demo', 'help', 'run', ...tested].sort());
  });
});
