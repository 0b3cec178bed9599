import { describe, expect, it, onTestFinished } from 'vitest';
import { launchBrowser, openPage } from '../../helpers/browser.js';
import { startServer } from './start-server.js';

const token = 'correct-horse-battery';

describe('/api/docs', { tags: ['chromium'] }, () => {
  it('shows the document and tries routes out, with nothing from elsewhere and no complaint', async () => {
    const { url } = await startServer({ token });
    const browser = await launchBrowser();
    onTestFinished(() => browser.close());
    const page = await openPage(browser, { viewport: { width: 1280, height: 1000 } });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    const asked = new Set<string>();
    page.on('request', (request) => asked.add(new URL(request.url()).origin));

    await page.goto(`${url}/?token=${token}`);
    await page.goto(`${url}/api/docs`);
    await page.locator('#operations-cameras-getV1Cameras').click();
    await page.getByRole('button', { name: 'Try it out' }).click();
    await page.getByRole('button', { name: 'Execute' }).click();
    await page.locator('.live-responses-table').getByText('"Front door"').waitFor();
    await page.locator('#operations-service-postV1Tickets').click();
    expect(complaints).toEqual([]);
    asked.delete('null');
    expect([...asked]).toEqual([url]);
  });
});
