import { describe, expect, it } from 'vitest';
import type { YuvImage } from '../../../src/core/image.js';
import { yuvLayout } from '../../../src/core/yuv.js';
import { lumaGrid } from '../../../src/tracking/luma-grid.js';
import { SceneChange } from '../../../src/tracking/scene-change.js';

const size = { width: 65, height: 37 };

/** Grey stripes from left to right or from top to bottom, between two levels of luma. */
function stripes(along: 'columns' | 'rows', dark: number, bright: number, chroma = 128): YuvImage {
  const { uStart, byteLength } = yuvLayout(size);
  const data = new Uint8Array(byteLength).fill(chroma);
  for (let pixel = 0; pixel < uStart; pixel++) {
    const share = along === 'columns' ? (pixel % 65) / 65 : Math.floor(pixel / 65) / 37;
    data[pixel] = Math.floor(share * 4) % 2 === 0 ? dark : bright;
  }
  return { ...size, data, matrix: 'bt709' };
}

describe('SceneChange on YUV frames', () => {
  it('sees another pattern of brightness, and neither a change of light nor one of colour', () => {
    const scene = new SceneChange();
    expect(scene.isCut(lumaGrid(stripes('columns', 40, 200)))).toBe(false);
    expect(scene.isCut(lumaGrid(stripes('columns', 30, 90)))).toBe(false);
    expect(scene.isCut(lumaGrid(stripes('columns', 30, 90, 20)))).toBe(false);
    expect(scene.isCut(lumaGrid(stripes('rows', 30, 90)))).toBe(true);
  });

  it('does not count pictures without contrast', () => {
    const scene = new SceneChange();
    scene.isCut(lumaGrid(stripes('columns', 40, 200)));
    expect(scene.isCut(lumaGrid(stripes('rows', 16, 18)))).toBe(false);
    expect(scene.isCut(lumaGrid(stripes('rows', 40, 200)))).toBe(true);
  });
});
