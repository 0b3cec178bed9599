import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GalleryFigures } from '../../src/training/evaluation/gallery-figures.js';
import { launchBrowser, openPage } from '../helpers/browser.js';
import { assetPaths, cutFaces, franck } from '../helpers/photos.js';
import { sightline, temporaryFolder } from '../helpers/sightline.js';

const folder = temporaryFolder();
const data = join(folder.path, 'data');
const report = join(folder.path, 'report.html');
afterAll(() => folder.remove());

beforeAll(async () => {
  const [crowd, ...stills] = (await assetPaths(['sample-1', ...franck])) as [string, ...string[]];
  const [first, second] = (await cutFaces(crowd, folder.path)) as [string, string];
  await person('Franck', stills.slice(0, 3));
  // One of hers shows him.
  await person('Zoë <b>', [first, stills[3]!]);
  await person('Somebody', [second]);
  const { code } = await sightline(['enroll', join(folder.path, 'people'), '--yes', '--data', data]);
  expect(code).toBe(0);
});

async function person(name: string, photos: readonly string[]): Promise<void> {
  const place = join(folder.path, 'people', name);
  mkdirSync(place, { recursive: true });
  await Promise.all(photos.map((photo) => copyFile(photo, join(place, basename(photo)))));
}

function evaluate(...args: string[]) {
  return sightline(['evaluate', 'gallery', ...args]);
}

describe('sightline evaluate gallery', () => {
  it('finds the photo under a wrong name', async () => {
    const { code, stdout } = await evaluate('--data', data, '--json');
    expect(code).toBe(0);
    const figures = JSON.parse(stdout) as GalleryFigures;
    expect(figures).toMatchObject({
      embedder: { id: 'mobilefacenet+fr-feature' },
      people: 3,
      photos: 6,
      notes: [],
      pairs: { genuine: 4, impostor: 11 },
      // 1 in 1,000 strangers with six photos.
      current: { threshold: 1.023 },
      suggestion: { wantedFar: 1e-4, source: 'embedder', threshold: 1.028 },
    });
    expect(figures.suspects[0]).toMatchObject({
      photo: { person: { name: 'Zoë <b>' } },
      reason: 'looks-like-other',
      other: { photo: { person: { name: 'Franck' } } },
    });
    expect(figures.lookAlikes).toMatchObject([{ doubtful: true }]);
  });

  it('prints a summary, with a threshold measured where the gallery can show the rate', async () => {
    const { stdout } = await evaluate('--data', data, '--far', '0.3');
    expect(stdout).toMatch(/^people +3$/m);
    expect(stdout).toMatch(/^threshold in use +1\.023: false accepts 27 %, false rejects 25 %$/m);
    expect(stdout).toMatch(/^suggested for 0\.3 +1\.\d+: false accepts 27 %/m);
    expect(stdout).toMatch(/Measured on 11 pairs of two people.*rough guide/);
    expect(stdout).toMatch(/Photos that look mislabelled\n {2}Zoë <b> \(.*\): Franck \(.*\) is at 0\.\d{3}/);
  });

  it('writes a report for its owner alone, without scripts', async () => {
    const { code, stdout } = await evaluate('--data', data, '--html', report);
    expect(code).toBe(0);
    expect(stdout).toContain(`The report is at ${report}`);
    const page = readFileSync(report, 'utf8');
    expect(page).not.toMatch(/<script|Zoë <b>/);
    expect(page.match(/<img src="data:image\/jpeg;base64,/g)!.length).toBeGreaterThanOrEqual(4);
    if (process.platform !== 'win32') expect(statSync(report).mode & 0o077).toBe(0);
  });

  it('fits a phone, shows every face, and asks for nothing else', { tags: ['chromium'] }, async () => {
    const browser = await launchBrowser();
    try {
      const page = await openPage(browser, { viewport: { width: 360, height: 640 }, colorScheme: 'dark' });
      const problems: string[] = [];
      page.on('console', (message) => problems.push(message.text()));
      page.on('request', (request) => {
        if (!/^(file|data):/.test(request.url())) problems.push(request.url());
      });
      await page.goto(`file://${report}`);
      expect(problems).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      expect(await page.evaluate('[...document.images].every((image) => image.naturalWidth > 0)')).toBe(true);
      expect(await page.getByRole('img', { name: 'Distances of two photos' }).count()).toBe(1);
    } finally {
      await browser.close();
    }
  });

  it('says what an empty gallery cannot tell', async () => {
    const { code, stdout } = await evaluate(
      '--data',
      join(folder.path, 'empty'),
      '--html',
      join(folder.path, 'e.html'),
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/The gallery is empty, so nothing can be measured/);
    expect(stdout).toMatch(/^equal error rate +not measurable$/m);
    expect(readFileSync(join(folder.path, 'e.html'), 'utf8')).toContain('The gallery is empty');
  });

  it.each([
    [
      'a place that is not there',
      ['--html', join(folder.path, 'no', 'such.html')],
      1,
      /OUTPUT_UNWRITABLE.*such\.html/,
    ],
    ['a rate past 1', ['--far', '5'], 2, /USAGE: Expected --far above 0.*5/],
    ['a rate that is none', ['--far', 'low'], 2, /USAGE: Expected --far.*low/],
  ])('says what is wrong with %s', async (_, args, expectedCode, message) => {
    const { code, stderr, stdout } = await evaluate('--data', data, ...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(expectedCode);
    expect(stdout).toBe('');
  });
});
