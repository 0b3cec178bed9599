import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';

/** What a test needs beside `npm ci`. A test or suite names it among its `tags`. */
interface Prerequisite {
  /** What is needed, as the list of skipped tests says it. */
  readonly what: string;
  readonly isThere: () => boolean;
  /** CI installs it, or runs where it is; there, tests run without asking and fail without it. */
  readonly inCi: boolean;
}

/** Data sets that are no part of the project; a developer keeps them in a folder beside it. */
export const sharedData = join(import.meta.dirname, '..', '..', '..', 'shared', 'data');
/** What a reference implementation of FaceNet gave, beside the data sets. */
export const parityFolder = join(sharedData, '..', 'facenet-parity');
const pulledWeights = join(import.meta.dirname, '..', '..', 'models', 'cache', 'facenet-vggface2.onnx');
/** The first that exists runs the tests of the page. */
export const chromiumPaths = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Debian's own Python, for which Debian's packages are. */
export const debianPython = '/usr/bin/python3';

const prerequisites: Readonly<Record<string, Prerequisite>> = {
  chromium: {
    what: `Chromium at ${chromiumPaths.join(' or ')}`,
    isThere: () => findChromium() !== undefined,
    inCi: true,
  },
  gstreamer: {
    what: 'GStreamer’s RTSP server for Python: gir1.2-gst-rtsp-server-1.0 and python3-gi',
    isThere: () => runs(debianPython, '-c', 'import gi; gi.require_version("GstRtspServer", "1.0")'),
    inCi: true,
  },
  python: { what: 'python3', isThere: () => runs('python3', '--version'), inCi: true },
  linux: { what: 'Linux', isThere: () => process.platform === 'linux', inCi: true },
  'small-disk': {
    what: 'the right to mount a file system in a name space (unshare -rm)',
    isThere: () => runs('unshare', '-rm', 'sh', '-c', 'mount -t tmpfs none /mnt'),
    inCi: true,
  },
  lfw: dataSet('lfw-view1', 'Labeled Faces in the Wild, view 1'),
  fddb: dataSet('fddb', 'a part of FDDB'),
  films: dataSet('video', 'films with several people'),
  cases: dataSet('cases', 'inputs on which something went wrong'),
  identity: dataSet('identity', 'photos of a few public figures'),
  'facenet-parity': {
    what: `outputs of a reference implementation of FaceNet in ${parityFolder}`,
    isThere: () => existsSync(parityFolder),
    inCi: false,
  },
  'facenet-weights': {
    what: 'FaceNet’s published weights, in SIGHTLINE_FACENET_WEIGHTS or fetched by `sightline models pull`',
    isThere: () => process.env['SIGHTLINE_FACENET_WEIGHTS'] !== undefined || existsSync(pulledWeights),
    inCi: false,
  },
  calibration: {
    what: 'SIGHTLINE_CALIBRATE, set by hand to measure thresholds anew; it takes minutes',
    isThere: () => process.env['SIGHTLINE_CALIBRATE'] !== undefined,
    inCi: false,
  },
};

/** The prerequisites for vitest.config.ts: a tag whose prerequisite is missing skips its tests. */
export function prerequisiteTags(): { name: string; description: string; skip?: true }[] {
  return Object.entries(prerequisites).map(([name, { what, isThere, inCi }]) => {
    const skip = !(inCi && process.env['CI'] === 'true') && !isThere();
    return { name, description: `needs ${what}`, ...(skip && { skip: true }) };
  });
}

function dataSet(folder: string, name: string): Prerequisite {
  const path = join(sharedData, folder);
  return { what: `${name}, in ${path}`, isThere: () => existsSync(path), inCi: false };
}

export function findChromium(): string | undefined {
  return chromiumPaths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function runs(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
