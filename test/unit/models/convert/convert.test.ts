import { describe, expect, it } from 'vitest';
import { convert } from '../../../../src/models/convert/convert.js';
import { isPulled, loadManifest } from '../../../../src/models/manifest.js';
import { sessionOptions } from '../../../../src/models/onnx-runtime.js';

describe('convert', () => {
  const converted = loadManifest().filter(({ conversion }) => conversion.kind !== 'none');

  it.each(converted.map((asset) => [asset.id, asset] as const))(
    'refuses bytes that are not %s',
    (_, asset) => {
      for (const bytes of [new Uint8Array(), Buffer.from('<html>'), Buffer.from('\x10\0\0\0TFL3 cut off')]) {
        expect(() => convert(asset, bytes)).toThrow(
          expect.objectContaining({
            code: isPulled(asset) ? 'WEIGHTS_INVALID' : 'MODEL_CONVERSION_FAILED',
            message: expect.stringMatching(/could not be converted|^Expected a weight file/) as string,
          }),
        );
      }
    },
  );
});

describe('sessionOptions', () => {
  it('is one thread on the CPU unless told otherwise', () => {
    expect(sessionOptions()).toMatchObject({
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
    expect(sessionOptions({ executionProvider: 'cuda', threads: 3 })).toMatchObject({
      executionProviders: ['cuda'],
      intraOpNumThreads: 3,
    });
  });
});
