// Other people's detectors for comparison. They are no dependency: npm installs them into a cache when a benchmark asks.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const packages = {
  '@tensorflow/tfjs': '4.22.0',
  '@tensorflow/tfjs-backend-wasm': '4.22.0',
  '@vladmandic/face-api': '1.7.15',
};

/** face-api's SSD detector on the clip's frames, in a process of its own; or why it could not be measured. */
export async function measureFaceApi(frameCount) {
  try {
    process.stderr.write('face-api …\n');
    const folder = await install();
    const { stdout } = await run(process.execPath, [here('./face-api.mjs'), folder, String(frameCount)]);
    return { packages, results: JSON.parse(stdout) };
  } catch (error) {
    return { skipped: String(error.stderr || error.message).trim() };
  }
}

async function install() {
  const folder = here('../../node_modules/.cache/sightline-peers');
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/package.json`, JSON.stringify({ private: true, dependencies: packages }));
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    shell: process.platform === 'win32',
  });
  return folder;
}
