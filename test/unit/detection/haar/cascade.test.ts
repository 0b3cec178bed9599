import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCascade } from '../../../../src/detection/haar/cascade.js';
import { defaultCacheDir } from '../../../../src/models/model-store.js';
import { cascadeXml } from './small-cascade.js';

const frontalFace = readFileSync(join(defaultCacheDir(), 'haar-frontalface-default.xml'), 'utf8');

describe('readCascade', () => {
  it("reads OpenCV's frontal face", () => {
    const { width, height, stages } = readCascade(frontalFace);
    expect([width, height, stages.length]).toEqual([24, 24, 25]);
    expect(stages.flatMap(({ stumps }) => stumps)).toHaveLength(2913);
    // The first numbers of the file, in single precision, with OpenCV's slack of 1e-5 below the threshold.
    expect(stages[0]!.threshold).toBeCloseTo(-5.04256, 5);
    expect(stages[0]!.stumps[0]).toEqual({
      rects: [
        { x: 6, y: 4, width: 12, height: 9, weight: -1 },
        { x: 6, y: 7, width: 12, height: 3, weight: 3 },
      ],
      threshold: Math.fround(-3.1511999666690826e-2),
      below: Math.fround(2.087538004),
      above: Math.fround(-2.217210054397583),
    });
  });

  it.each([
    ['a page of a proxy', '<html><body>Sign in</body></html>', '<html> has no <cascade>'],
    ['no XML', 'a cascade', 'there is not exactly one root element'],
    ['JSON', '{"a": 1 < 2}', 'there is a syntax error in line 1'],
    ['an empty file', '', 'there is not exactly one root element'],
    [
      'a file cut short',
      frontalFace.slice(0, frontalFace.indexOf('</_>', 500_000)),
      /<\w+> is not closed in line \d+/,
    ],
    ['tags that cross', '<a><b></a></b>', '</a> has no opening tag in line 1'],
    ['another kind of feature', cascadeXml({ featureType: 'LBP' }), 'its featureType is LBP, not HAAR'],
    ['tilted features', cascadeXml({ tilted: '1' }), 'it has tilted features'],
    ['trees', cascadeXml({ nodes: '1 2 0 0.5' }), 'trees of more than one node'],
    ['a feature that is not there', cascadeXml({ nodes: '0 -1 7 0.5' }), 'it has no feature 7'],
    ['text for a number', cascadeXml({ leaves: '1 one' }), '<leafValues> holds "1 one", not 2 numbers'],
    ['a rectangle outside', cascadeXml({ rect: '5 0 4 2 -1' }), 'it has a rectangle "5 0 4 2 -1"'],
    [
      'a feature of too many rectangles',
      cascadeXml({ rect: '0 0 1 1 1</_><_>0 0 1 1 1</_><_>0 0 1 1 1' }),
      'a feature of 4 rectangles',
    ],
    ['no stages', cascadeXml({ stages: '' }), 'it has no stages'],
  ])('refuses %s', (_, xml, complaint) => {
    expect(() => readCascade(xml)).toThrow(complaint);
    expect(() => readCascade(xml)).toThrow(expect.objectContaining({ code: 'MODEL_CONVERSION_FAILED' }));
  });
});
