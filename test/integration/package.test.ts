import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/config/package-root.js';

interface PackReport {
  readonly files: readonly { readonly path: string }[];
}

async function packedFiles(): Promise<string[]> {
  const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: packageRoot(),
    maxBuffer: Infinity,
    shell: process.platform === 'win32',
  });
  // A list in older versions of npm, an object by package name in newer ones.
  const [report] = Object.values(JSON.parse(stdout) as PackReport[] | Record<string, PackReport>);
  return report!.files.map(({ path }) => path);
}

it('npm ci does not know of the script that onnxruntime-node would run', () => {
  const lock = readFileSync(join(packageRoot(), 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lock) as { packages: Record<string, object> };
  const advice = 'take "hasInstallScript" out of its entry in package-lock.json (docs/adr/0018)';
  expect(packages['node_modules/onnxruntime-node'], advice).not.toHaveProperty('hasInstallScript');
});

it('a build removes what has no source any more', async () => {
  const orphans = ['dist/src/gone.js', 'packages/client/dist/gone.d.ts'].map((path) =>
    join(packageRoot(), path),
  );
  for (const orphan of orphans) writeFileSync(orphan, '');
  await promisify(execFile)(process.execPath, ['build.mjs'], { cwd: packageRoot() });
  expect(orphans.filter((orphan) => existsSync(orphan))).toEqual([]);
  expect(existsSync(join(packageRoot(), 'packages/client/dist/index.js'))).toBe(true);
});

describe('the published package', () => {
  it('has every kernel, and neither their sources nor their compiler', { timeout: 120_000 }, async () => {
    const kernels = readdirSync(join(packageRoot(), 'kernels')).filter((file) => file.endsWith('.wasm'));
    expect(kernels).toHaveLength(4);
    const packed = (await packedFiles()).filter((file) => file.startsWith('kernels/'));
    expect(packed.sort()).toEqual(kernels.map((file) => `kernels/${file}`).sort());
  });
});
