import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const at = (...path) => join(import.meta.dirname, ...path);

/** The compiler only adds to a folder: what it made of a source that is gone would be packed, and run, for ever. */
function removeOrphans(built, sources, endings) {
  if (!existsSync(at(built))) return;
  for (const entry of readdirSync(at(built), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const ending = endings.find((end) => entry.name.endsWith(end));
    const source = ending && `${path.slice(at(built).length, -ending.length)}.ts`;
    const isOrphan = source === undefined || !existsSync(at(sources, source));
    if (entry.isFile() && entry.name !== '.tsbuildinfo' && isOrphan) rmSync(path);
  }
}

removeOrphans('dist', '.', ['.js', '.js.map']);
removeOrphans('packages/client/dist', 'packages/client/src', ['.js', '.d.ts']);
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
execFileSync(process.execPath, [compiler, '-b', 'tsconfig.build.json'], { cwd: at(), stdio: 'inherit' });
