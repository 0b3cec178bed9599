import { readdirSync, rmSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';

/**
 * Removes from the installed packages what a container never uses: `node slim.mjs NODE_MODULES`. The image has Debian's
 * ffmpeg, so the bundled one goes; of ONNX Runtime only the libraries for this system stay, and no source maps.
 */
const [modules] = process.argv.slice(2);
if (modules === undefined) throw new Error('Expected a node_modules folder but received none.');

/** Removes all entries of a folder but one. */
function keepOnly(kept, ...folder) {
  for (const entry of readdirSync(join(modules, ...folder)))
    if (entry !== kept) rmSync(join(modules, ...folder, entry), { recursive: true });
}

rmSync(join(modules, '@ffmpeg-installer'), { recursive: true });
keepOnly(platform(), 'onnxruntime-node', 'bin', 'napi-v6');
keepOnly(arch(), 'onnxruntime-node', 'bin', 'napi-v6', platform());
for (const path of readdirSync(modules, { recursive: true, encoding: 'utf8' }))
  if (path.endsWith('.map')) rmSync(join(modules, path));
