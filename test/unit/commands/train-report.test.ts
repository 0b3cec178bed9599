import { describe, expect, it } from 'vitest';
import { describeNaming } from '../../../src/commands/train-report.js';

describe('describeNaming', () => {
  it('says which threshold followed from the wanted rate', () => {
    expect(describeNaming({ threshold: [0.8401, 0.8447], photos: [150, 153], falseNameRate: 1e-3 })).toBe(
      'plain distance: a name within 0.840 to 0.845, as a false-name rate of 0.001 needs with 150 to 153 photos enrolled',
    );
  });
  it('says that the user chose it', () => {
    expect(describeNaming({ threshold: [0.967, 0.967], photos: [4, 5], falseNameRate: null })).toBe(
      'plain distance: a name within 0.967, as recognition.threshold has it',
    );
  });
});
