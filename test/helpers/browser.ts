import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { patienceMs } from './patience.js';
import { chromiumPaths, findChromium } from './prerequisites.js';

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

/** Starts Chromium with a fresh profile; the caller closes it. It ends with this process, whose pipe it listens to. */
export async function launchBrowser(extraFlags: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined)
    throw new Error(`Expected Chromium at one of ${chromiumPaths.join(', ')}.`);
  return chromium.launch({ executablePath, args: [...FLAGS, ...extraFlags], timeout: patienceMs });
}

/** A page in which a wait ends only what hangs. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(patienceMs);
  return page;
}
