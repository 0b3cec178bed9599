import { chmod, mkdir } from 'node:fs/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundledFfmpeg, findFfmpeg, type FfmpegBinary } from '../../../src/ingest/ffmpeg-binary.js';
import { assertComplete, assertFitForNetwork } from '../../../src/ingest/ffmpeg-fitness.js';
import { VideoFolder } from '../../helpers/video.js';

const folder = new VideoFolder();
afterAll(() => folder.remove());

async function script(name: string, text: string): Promise<string> {
  const file = await folder.write(name, `#!/bin/sh\n${text}\n`);
  await chmod(file, 0o755);
  return file;
}

describe('assertFitForNetwork', () => {
  const path = process.env['PATH'];
  const bare = () => `${folder.path}/bin`;
  beforeEach(async () => {
    await mkdir(bare(), { recursive: true });
    process.env['PATH'] = bare();
  });
  afterEach(() => {
    process.env['PATH'] = path;
  });
  const ofRelease = (major: number, minor: number): FfmpegBinary => ({
    ...{ path: '/opt/ffmpeg', version: `${major}.${minor}`, origin: 'path' },
    release: { major, minor },
  });

  it.each([
    [4, 3],
    [4, 4],
    [5, 0],
    [8, 1],
  ])('takes %i.%i', async (major, minor) => {
    await expect(assertFitForNetwork(ofRelease(major, minor))).resolves.toBeUndefined();
  });

  it.each([
    [4, 2],
    [3, 4],
  ])('refuses %i.%i, from wherever it is', async (major, minor) => {
    await expect(assertFitForNetwork(ofRelease(major, minor))).rejects.toMatchObject({
      code: 'FFMPEG_TOO_OLD',
      message: `Expected ffmpeg 4.3 or newer to read cameras on the network, but there is only the one on PATH (${major}.${minor}). Install a current one as your system does it, so that it is on PATH.`,
    });
  });

  it.each([
    ['winget', 'winget install Gyan.FFmpeg'],
    ['brew', 'brew install ffmpeg'],
    ['zypper', 'sudo zypper install ffmpeg'],
    ['pacman', 'sudo pacman -S ffmpeg'],
    ['apk', 'sudo apk add ffmpeg'],
    ['dnf', 'sudo dnf install ffmpeg (from RPM Fusion: ffmpeg-free lacks decoders)'],
    // The last, since those before it are there by now, too: brew and others are also added to systems that have their own.
    ['apt-get', 'sudo apt-get install ffmpeg'],
  ])('refuses the bundled one, and says what to type where there is %s', async (program, command) => {
    await script(`bin/${program}`, 'exit 1');
    await expect(assertFitForNetwork(await bundledFfmpeg())).rejects.toMatchObject({
      code: 'FFMPEG_TOO_OLD',
      message: expect.stringMatching(/the bundled one, of 2018 \(.+\)\. Install it: /) as string,
    });
    await expect(assertFitForNetwork(await bundledFfmpeg())).rejects.toThrow(`Install it: ${command}`);
  });
});

describe('assertComplete', () => {
  it('finds everything in the one that is used and in the bundled one', async () => {
    await expect(assertComplete(await findFfmpeg())).resolves.toBeUndefined();
    await expect(assertComplete(await bundledFfmpeg())).resolves.toBeUndefined();
  });

  it.each([
    ['hevc', 'decoder hevc'],
    ['fifo', 'muxer fifo'],
    ['rtsp', 'demuxer rtsp'],
    ['transpose', 'filter transpose'],
    ['udp', 'protocol udp'],
  ])('names what a build without %s lacks', async (name, missing) => {
    const { path } = await findFfmpeg();
    const lacking = await script(`without-${name}`, `"${path}" "$@" | grep -vw ${name}`);
    await expect(
      assertComplete({ path: lacking, version: '9.9', release: { major: 9, minor: 9 }, origin: 'path' }),
    ).rejects.toMatchObject({
      code: 'FFMPEG_INCOMPLETE',
      message: `Expected an ffmpeg with all that Sightline needs, but 9.9 at ${lacking} lacks: ${missing}.`,
    });
  });

  it('reads the lists of ffmpeg 7, which mark devices and have fewer flags of filters', async () => {
    const { path } = await findFfmpeg();
    const newer = await script(
      'newer',
      `"${path}" "$@" | sed -E 's/^ ([D ])([E ]) (\\S)/ \\1\\2  \\3/; s/^ ([T.])([S.])[C.] (\\S)/ \\1\\2 \\3/; s/^ (D )  (rtsp)/ \\1d \\2/'`,
    );
    const ffmpeg = { path: newer, version: '7', release: { major: 7, minor: 0 }, origin: 'path' } as const;
    await expect(assertComplete(ffmpeg)).resolves.toBeUndefined();
  });
});
