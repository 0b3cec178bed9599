import { describe, expect, it } from 'vitest';
import { cameraHints } from '../../../src/pipeline/camera-hints.js';

describe('cameraHints', () => {
  it('says nothing about a camera that is set up well', () => {
    expect(cameraHints(['auto', null, 2], undefined)).toEqual([]);
  });

  it('says how long a face must stay in view at a low rate', () => {
    expect(cameraHints([10, 0.25], undefined)).toMatchObject([
      { code: 'RATE_TOO_LOW', message: expect.stringContaining('for about 12 s') as string },
    ]);
  });

  it('says how to turn the picture', () => {
    expect(cameraHints(['auto'], 270)).toMatchObject([
      { code: 'PICTURE_TURNED', message: expect.stringContaining('270° clockwise') as string },
    ]);
  });
});
