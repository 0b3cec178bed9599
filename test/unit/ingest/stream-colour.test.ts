import { describe, expect, it } from 'vitest';
import { StreamColour } from '../../../src/ingest/stream-colour.js';

/** Lines of ffmpeg 5.1 and of 2018. */
const line = (rest: string) => `[info]   Stream #0:0(und): Video: ${rest}`;

describe('StreamColour', () => {
  it.each([
    ['h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), 640x360, 25 fps', 'bt709'],
    ['h264 (High), yuv420p(tv, smpte170m/bt470bg/smpte170m, progressive), 1920x1080, 25 fps', 'bt601'],
    ['h264 (High) (avc1 / 0x31637661), yuv420p, 1920x1080, 4448 kb/s, 25 fps', 'bt709'],
    ['h264 (High) (avc1 / 0x31637661), yuv420p(progressive), 1280x720, 25 fps', 'bt709'],
    ['h264 (High), yuv420p(tv, progressive), 640x360 [SAR 1:1 DAR 16:9], 25 fps', 'bt601'],
    ['mjpeg (Baseline), yuvj422p(pc, bt470bg/unknown/unknown), 1920x1080, 25 fps', 'bt601'],
    ['hevc (Main 10), yuv420p10le(tv, bt2020nc/bt2020/smpte2084), 640x360, 25 fps', 'bt709'],
    ['rawvideo (RGB[24] / 0x18424752), rgb24, 1920x1080, 25 fps', 'bt601'],
    ['h264 (High), yuv420p(pc, gbr/unknown/unknown), 1920x1080', 'bt709'],
  ])('knows the coefficients of %s', (description, matrix) => {
    const colour = new StreamColour();
    colour.read("[info] Input #0, rtsp, from 'rtsp://cam/x':");
    colour.read(line(description));
    // What follows describes the output, which was scaled to this height.
    colour.read('[info]   Stream #0:0: Video: rawvideo (I420), yuv420p, 320x180');
    expect(colour.matrix(180)).toBe(matrix);
  });

  it('goes by the height of the picture until the stream is described', () => {
    const colour = new StreamColour();
    colour.read('[info]   Stream #0:1: Audio: aac (LC), 48000 Hz, stereo, fltp');
    expect([colour.matrix(576), colour.matrix(720)]).toEqual(['bt601', 'bt709']);
  });
});
