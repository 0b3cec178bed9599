import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { assetPaths } from '../helpers/photos.js';
import { sightline, temporaryFolder } from '../helpers/sightline.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());
const nowhere = join(folder.path, 'nowhere');

describe('options', () => {
  it.each([
    ['people', 'list'],
    ['unknown', 'list'],
    ['heads', 'list'],
  ])('may stand before the sub-command: %s', async (group, command) => {
    const before = await sightline([group, '--data', nowhere, command]);
    const after = await sightline([group, command, '--data', nowhere]);
    expect(before).toEqual(after);
    expect(before.code).toBe(0);
    const wrong = await sightline([group, '-c', '/no/such.yaml', command]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('/no/such.yaml') as string]);
  });

  it('count before a sub-command with arguments, and for the one that is the default', async () => {
    const erase = await sightline(['people', '-c', '/no/such.yaml', 'erase', 'Zoe']);
    expect(erase.stderr).toContain('/no/such.yaml');
    expect((await sightline(['people', '-c', '/no/such.yaml'])).stderr).toContain('/no/such.yaml');
    const models = await sightline(['models', '--models-dir', nowhere, 'list']);
    expect(models.stdout).toMatch(/^mobilefacenet .*missing/m);
  });

  it('are refused where the sub-command has no such option', async () => {
    const { code, stderr } = await sightline(['people', '--yes', 'list', '--data', nowhere]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("unknown option '--yes' for list") as string]);
  });
});

describe('commands that only look', () => {
  it('make no folder and no file', async () => {
    const [photo] = (await assetPaths(['demo-franck-01829'])) as [string];
    for (const [args, code] of [
      [['people'], 0],
      [['people', 'photos', 'Zoe'], 1],
      [['people', 'erase', 'Zoe', '--yes'], 1],
      [['unknown'], 0],
      [['events'], 0],
      [['heads'], 0],
      [['identify', photo], 0],
      [['verify', photo, photo], 0],
      [['doctor', '--port', '0'], 0],
    ] as const) {
      const finished = await sightline([...args, '--data', nowhere]);
      expect(finished.code, `${args.join(' ')}: ${finished.stdout}${finished.stderr}`).toBe(code);
      expect(existsSync(nowhere), args.join(' ')).toBe(false);
    }
  });

  it('say that a picture is not there', async () => {
    for (const command of ['identify', 'detect'])
      expect(
        (await sightline([command, '/no/such.jpg', ...(command === 'identify' ? ['--data', nowhere] : [])]))
          .stderr,
      ).toMatch(/IMAGE_NOT_FOUND: .*\/no\/such\.jpg, but there is no such file\.\n +Check the path/);
  });
});

describe('without a registry', () => {
  it('doctor fails when networks are missing', async () => {
    const registry = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
    const { port } = registry.address() as { port: number };
    const { code, stdout } = await sightline(
      ['doctor', '--port', '0', '--data', nowhere, '--models-dir', join(folder.path, 'no-models')],
      { npm_config_registry: `http://127.0.0.1:${port}/` },
    );
    registry.close();
    expect(stdout).toMatch(/✗ models: MODEL_FETCH_FAILED: npm could not download /);
    expect(code).toBe(1);
  });
});
