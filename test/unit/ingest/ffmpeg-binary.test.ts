import { describe, expect, it } from 'vitest';
import { parseFfmpegVersion } from '../../../src/ingest/ffmpeg-binary.js';

describe('parseFfmpegVersion', () => {
  it.each([
    ['ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026 the FFmpeg developers', 5, 1],
    ['ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright (c) 2000-2021 the FFmpeg developers', 4, 4],
    ['ffmpeg version n7.1 Copyright (c) 2000-2024 the FFmpeg developers', 7, 1],
    [
      'ffmpeg version N-47683-g0e8eb07980-static https://johnvansickle.com/ffmpeg/  Copyright (c) 2000-2018',
      4,
      0,
    ],
    ['ffmpeg version N-109741-gbbe95f7353-20230201 Copyright (c) 2000-2023 the FFmpeg developers', 5, 1],
    ['something else', 4, 0],
  ])('%s', (banner, major, minor) => {
    expect(parseFfmpegVersion(banner).release).toEqual({ major, minor });
  });

  it('keeps the name of the build', () => {
    expect(parseFfmpegVersion('ffmpeg version 5.1.9-0+deb12u1 Copyright').version).toBe('5.1.9-0+deb12u1');
  });
});
