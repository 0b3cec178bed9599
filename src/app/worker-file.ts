import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../config/package-root.js';

/** The built entry of a worker thread, by its name in workers/. */
export function workerFile(name: 'detect' | 'embed' | 'rewrite' | 'search'): URL {
  return pathToFileURL(join(packageRoot(), 'dist', 'workers', `${name}.js`));
}
