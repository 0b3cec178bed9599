import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFfmpeg } from '../../src/ingest/ffmpeg-binary.js';

const run = promisify(execFile);

export interface ClipOptions {
  readonly width?: number;
  readonly height?: number;
  readonly fps?: number;
  readonly seconds?: number;
  /** One colour, by name, in place of the moving test pattern. */
  readonly colour?: string;
  /** File name; its extension chooses the container. */
  readonly name?: string;
}

/** A temporary folder of small clips with ffmpeg's moving test pattern. */
export class VideoFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'sightline-video-'));

  /** Makes a clip (H.264, a key frame every 10 frames, no B frames, index in front) and returns its path. */
  async clip(options: ClipOptions = {}): Promise<string> {
    const { width = 320, height = 240, fps = 25, seconds = 2, colour, name = 'clip.mp4' } = options;
    const file = join(this.path, name);
    const pattern = `${colour ? `color=${colour}:` : 'testsrc2='}size=${width}x${height}:rate=${fps}`;
    const input = ['-f', 'lavfi', '-i', pattern, '-t', String(seconds)];
    const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '10', '-bf', '0'];
    const { path } = await findFfmpeg();
    await run(path, [
      '-nostdin',
      '-loglevel',
      'error',
      '-y',
      ...input,
      ...codec,
      '-movflags',
      '+faststart',
      file,
    ]);
    return file;
  }

  /** A copy that breaks off after `fraction` of the bytes of `file`. */
  async truncated(file: string, fraction: number): Promise<string> {
    const bytes = await readFile(file);
    return this.write(`truncated-${fraction}.mp4`, bytes.subarray(0, Math.floor(bytes.length * fraction)));
  }

  /** A file with any content. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const file = join(this.path, name);
    await writeFile(file, content);
    return file;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
