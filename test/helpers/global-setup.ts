import { execFileSync } from 'node:child_process';
import { packageRoot } from '../../src/config/package-root.js';
import { isPackaged, loadManifest } from '../../src/models/manifest.js';
import { defaultCacheDir, ModelStore } from '../../src/models/model-store.js';

/** Builds the program that workers and end-to-end tests run, and fetches the models once for all tests. */
export default async function setup(): Promise<void> {
  const windows = process.platform === 'win32';
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: packageRoot(), stdio: 'inherit', shell: windows });
  const store = new ModelStore({ cacheDir: defaultCacheDir() });
  await store.ensure(
    loadManifest()
      .filter(isPackaged)
      .map(({ id }) => id),
  );
}
