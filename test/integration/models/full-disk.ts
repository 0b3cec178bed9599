import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { packageRoot } from '../../../src/config/package-root.js';
import type { Asset } from '../../../src/models/manifest.js';

/**
 * Has the built program `ensure` or `pull` an asset in a cache on a file system of its own, which holds `size` bytes.
 *
 * @param cacheDir an empty folder in `folder`, where a script is written
 * @returns the code of the error, whether it named the cache, and what was left in there
 */
export async function onSmallDisk(
  size: string,
  call: 'ensure' | 'pull',
  asset: Asset,
  { folder, cacheDir }: { readonly folder: string; readonly cacheDir: string },
): Promise<unknown> {
  const script = join(folder, 'store.mjs');
  await writeFile(
    script,
    `import { readdirSync } from 'node:fs';
     import { ModelStore } from ${JSON.stringify(builtStore)};
     const [cacheDir, asset] = [${JSON.stringify(cacheDir)}, ${JSON.stringify(asset)}];
     const error = await new ModelStore({ cacheDir, assets: [asset] }).${call}(asset.id).catch((error) => error);
     console.log(JSON.stringify({ code: error.code, told: error.message.includes(cacheDir + ' '), left: readdirSync(cacheDir) }));`,
  );
  const command = `mount -t tmpfs -o size=${size} none '${cacheDir}' && exec '${process.execPath}' '${script}'`;
  const { stdout } = await promisify(execFile)('unshare', ['-rm', 'sh', '-c', command]);
  return JSON.parse(stdout);
}

/** The module of ModelStore, for a script to import. */
export const builtStore = pathToFileURL(join(packageRoot(), 'dist', 'src', 'models', 'model-store.js')).href;
