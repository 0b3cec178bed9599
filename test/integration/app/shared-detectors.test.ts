import { expect, it, vi } from 'vitest';
import { SharedDetectors } from '../../../src/app/shared-detectors.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { createLogger } from '../../../src/observability/logger.js';

it('cameras share a detector, which is closed when the last of them gives it back', async () => {
  const modelsDir = defaultCacheDir();
  const log = createLogger({ level: 'silent', redact: (text) => text });
  const detectors = new SharedDetectors({ models: new ModelStore({ cacheDir: modelsDir }), modelsDir, log });
  const { detector: settings } = await loadConfig({
    environment: {},
    commandLine: { detector: { kind: 'haar' } },
  });
  const [one, two, other] = await Promise.all([
    detectors.borrow(settings, 'main'),
    detectors.borrow(settings, 'main'),
    detectors.borrow({ ...settings, minFaceSize: 90 }, 'main'),
  ]);
  expect(two.detector).toBe(one.detector);
  // Detectors that differ still share the main loop.
  expect(other.scheduler).toBe(one.scheduler);
  expect(other.detector).not.toBe(one.detector);
  const close = vi.spyOn(one.detector, 'close');
  await one.giveBack();
  expect(close).not.toHaveBeenCalled();
  await two.giveBack();
  expect(close).toHaveBeenCalledOnce();
  const again = await detectors.borrow(settings, 'main');
  expect(again.detector).not.toBe(one.detector);
  await Promise.all([again.giveBack(), other.giveBack()]);
});
