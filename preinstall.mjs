import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Lets Sightline be installed where only the package registry can be reached (ADR 18). On Linux with an x64 processor
 * the postinstall script of onnxruntime-node fetches CUDA libraries from somewhere else, and the installation fails
 * without them. It leaves alone what is there already. npm runs every preinstall script before any postinstall script,
 * so that this one can put a note in the place of each. ONNXRUNTIME_NODE_INSTALL=cuda12 still fetches the libraries.
 */
const require = createRequire(import.meta.url);
const { requirements, manifests } = require('onnxruntime-node/script/install-metadata.js');
const system = `${platform()}/${arch()}`;
const folder = join(dirname(require.resolve('onnxruntime-node/package.json')), 'bin', 'napi-v6', system);
for (const name of requirements[system] ?? []) {
  for (const file of Object.keys(manifests[`${system}:${name}`])) {
    try {
      writeFileSync(
        join(folder, file),
        'Sightline is installed without CUDA: see docs/configuration.md, recognition.executionProvider.\n',
        { flag: 'wx' },
      );
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  }
}
