import { accessSync, constants } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const EXECUTABLES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function findChromium(): string | undefined {
  return EXECUTABLES.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const executablePath = findChromium();

/** Why tests with a browser are skipped, or null when they run. Where CI=true they run, and fail without one. */
export const noBrowserReason =
  executablePath === undefined && process.env['CI'] !== 'true'
    ? `no Chromium at ${EXECUTABLES.join(', ')}`
    : null;

/** Starts Chromium with a fresh profile; the caller closes it. */
export async function launchBrowser(extraFlags: readonly string[] = []): Promise<Browser> {
  if (executablePath === undefined) throw new Error(`Expected Chromium at one of ${EXECUTABLES.join(', ')}.`);
  return chromium.launch({ executablePath, args: [...FLAGS, ...extraFlags] });
}
