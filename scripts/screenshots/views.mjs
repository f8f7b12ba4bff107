// What is taken a picture of.

const SHOWN = '?tz=UTC';

/** Each view, and what is done before its picture is taken. */
export const SCREENSHOTS = [
  { name: 'overview', search: `${SHOWN}&by=property:path` },
  {
    name: 'funnel',
    search: `${SHOWN}&view=funnel&steps=["page","Product Added","Order Completed"]&within=7d`,
  },
  { name: 'retention', search: `${SHOWN}&view=retention&period=week` },
  { name: 'live', search: `${SHOWN}&view=live`, before: watchEvents },
  { name: 'people', search: `${SHOWN}&view=people`, before: findPeople },
  { name: 'user', search: `${SHOWN}&view=people&user=ada` },
  { name: 'rejections', search: `${SHOWN}&view=rejections` },
  { name: 'import', search: `${SHOWN}&view=import`, before: importFile },
];

async function watchEvents(page, base) {
  await page.getByText('Connected').waitFor();
  for (const [user, event, path] of [
    ['customer-12', 'page', '/sale'],
    ['customer-12', 'impression', '/sale'],
    ['customer-404', 'click', '/shoes'],
    ['ada', 'Product Added', '/jackets'],
    ['ada', 'Order Completed', '/basket'],
  ]) {
    await fetch(`${base}/analytics/batch`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify([{ user, event, source: 'web', properties: { path } }]),
    });
  }
  await page.getByText('Order Completed').first().waitFor();
}

async function findPeople(page) {
  await page.getByLabel('Trait', { exact: true }).fill('plan');
  await page.getByLabel('is', { exact: true }).fill('pro');
  await page.getByRole('button', { name: 'Find' }).click();
}

async function importFile(page) {
  const lines = Array.from(
    { length: 2_000 },
    (_, index) => `${1_790_000_000 + index},u-${index % 50},click`,
  );
  const text = ['timestamp,user,event', ...lines, 'yesterday,u-1,click'].join('\n');
  const file = { name: 'clicks.csv', mimeType: 'text/csv', buffer: Buffer.from(text) };
  await page.getByLabel(/^File/).setInputFiles(file);
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.locator('.done').waitFor();
}
