import { expect, it, vi } from 'vitest';
import { isRefused, refusalIn, transportTo } from '../../../packages/client/src/transport.js';

it('takes 4400, 4401 and 4403 for final, with code and message of the reason', () => {
  for (const code of [4400, 4401, 4403]) {
    const refusal = refusalIn({ code, reason: 'FORBIDDEN_ROLE: Expected: an admin.' });
    expect(refusal).toMatchObject({ code: 'FORBIDDEN_ROLE', message: 'Expected: an admin.' });
  }
});

it('takes everything else for something that may pass', () => {
  for (const code of [1000, 1001, 1006, 1011, 1013, 4404, 4429, 4503])
    expect(refusalIn({ code, reason: 'CAMERA_NOT_FOUND: no' })).toBeUndefined();
  expect([4404, 4429, 4503].every((code) => isRefused({ code, reason: '' }))).toBe(true);
  expect([1001, 1006, 1011, 1013].some((code) => isRefused({ code, reason: '' }))).toBe(false);
});

it('says what to do where there is no WebSocket', () => {
  vi.stubGlobal('WebSocket', undefined);
  expect(() => transportTo({ url: 'http://server/' })).toThrow('pass one, such as that of the package ws');
  vi.unstubAllGlobals();
});
