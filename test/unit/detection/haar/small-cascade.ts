import type { FeatureRect, HaarCascade } from '../../../../src/detection/haar/cascade.js';

interface Changes {
  readonly featureType?: string;
  readonly tilted?: string;
  readonly nodes?: string;
  readonly leaves?: string;
  readonly rect?: string;
  readonly stages?: string;
}

/** A cascade of one stump for windows of 8×8 in OpenCV's XML, with parts of it changed. */
export function cascadeXml(changes: Changes): string {
  const {
    featureType = 'HAAR',
    tilted = '0',
    rect = '0 0 4 2 -1',
    nodes = '0 -1 0 0.5',
    leaves = '1 -1',
  } = changes;
  const stage = `<_><stageThreshold>0.</stageThreshold><weakClassifiers><_>
    <internalNodes>${nodes}</internalNodes><leafValues>${leaves}</leafValues></_></weakClassifiers></_>`;
  return `<?xml version="1.0"?>
<opencv_storage><cascade type_id="opencv-cascade-classifier">
  <stageType>BOOST</stageType><featureType>${featureType}</featureType><height>8</height><width>8</width>
  <stages>${changes.stages ?? stage}</stages>
  <features><_><rects><_>${rect}</_><_>0 1 4 1 2.</_></rects><tilted>${tilted}</tilted></_></features>
</cascade></opencv_storage>`;
}

const rect = (x: number, y: number, width: number, height: number, weight: number): FeatureRect => ({
  x,
  y,
  width,
  height,
  weight,
});

/** Two stages that many windows of noise fail and some pass; one feature has three rectangles. */
export const smallCascade: HaarCascade = {
  width: 8,
  height: 7,
  stages: [
    {
      threshold: Math.fround(-0.1),
      stumps: [
        { rects: [rect(0, 0, 8, 4, -1), rect(0, 2, 8, 2, 2)], threshold: 0, below: -0.5, above: 0.75 },
        { rects: [rect(1, 1, 5, 6, -1), rect(2, 1, 1, 6, 3)], threshold: -0.25, below: 1, above: -0.25 },
      ],
    },
    {
      threshold: Math.fround(0.2),
      stumps: [
        {
          rects: [rect(1, 0, 6, 6, -1), rect(1, 0, 3, 3, 2), rect(4, 3, 3, 3, 2)],
          threshold: Math.fround(0.01),
          below: 0.5,
          above: -0.5,
        },
      ],
    },
  ],
};
