import { describe, expect, it } from 'vitest';
import { sniffImageFormat } from '../../../src/ingest/image-format.js';

describe('sniffImageFormat', () => {
  it.each([
    ['\xff\xd8\xff\xe0', 'jpeg'],
    ['\x89PNG\r\n\x1a\n', 'png'],
    ['RIFF\x10\0\0\0WEBPVP8 ', 'webp'],
    ['II*\0', 'tiff'],
    ['MM\0*', 'tiff'],
    ['GIF89a', 'gif'],
    ['\0\0\0\x1cftypavif', 'avif'],
    ['\0\0\0\x1cftypmp42', undefined],
    ['RIFF\x10\0\0\0AVI LIST', undefined],
    ['<svg xmlns="http://www.w3.org/2000/svg">', undefined],
    ['%PDF-1.7', undefined],
    ['', undefined],
  ])('%j: %s', (bytes, format) => {
    expect(sniffImageFormat(Buffer.from(bytes, 'latin1'))).toBe(format);
  });
});
