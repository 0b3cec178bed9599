// Compiles the kernels: `npm --prefix kernels run build` writes the .wasm files that are committed, and
// `npm --prefix kernels run check` fails when these are not what the sources give.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const kernelsFolder = dirname(fileURLToPath(import.meta.url));
/** 4 GiB, as much as 32-bit addresses reach. The memory that is imported must have the same limit. */
const maxPages = '65536';
const ownMemory = ['--initialMemory', '1'];
const sharedMemory = [
  ...['--enable', 'threads', '--importMemory', '--noExportMemory', '--sharedMemory'],
  ...['--initialMemory', '1', '--maximumMemory', maxPages],
];
const kernels = {
  'area-means': ownMemory,
  'cascade-windows': ownMemory,
  'dot-products': sharedMemory,
  'yuv-to-rgb': ownMemory,
};
const speed = ['--optimizeLevel', '3', '--shrinkLevel', '0', '--converge', '--noAssert', '--runtime', 'stub'];

const checking = process.argv.includes('--check');
let stale = false;
for (const [name, memory] of Object.entries(kernels)) {
  const file = join(kernelsFolder, `${name}.wasm`);
  const compiled = await compile(name, memory);
  if (!checking) writeFileSync(file, compiled);
  else if (!compiled.equals(readFileSync(file))) {
    stale = true;
    console.error(`kernels/${name}.wasm is not what kernels/${name}.ts compiles to.`);
  }
}
if (stale) {
  console.error('Run `npm ci --prefix kernels && npm --prefix kernels run build` and commit the result.');
  process.exitCode = 1;
}

async function compile(name, memory) {
  const root = dirname(kernelsFolder);
  const options = [...speed, '--enable', 'simd', ...memory, '--baseDir', root, '--outFile', `${name}.wasm`];
  let wasm;
  const { error, stderr } = await asc.main([`kernels/${name}.ts`, ...options], {
    writeFile: (_, contents) => (wasm = Buffer.from(contents)),
  });
  if (error) throw new Error(`kernels/${name}.ts does not compile:\n${stderr.toString()}`);
  return wasm;
}
