#!/usr/bin/env node
// Draws the hourly report as SVG: npm run -s chart -- FROM TO > chart.svg
// FROM and TO are Unix seconds at full hours; ANALYTICS_URL is the server, without it the local one.
const HOUR = 3600;
const MAX_HOURS = 24 * 31;
const WIDTH = 840;
const PANEL = { height: 110, gap: 46, left: 48, right: 12, top: 40 };
const SERIES = [
  { field: 'unique_users', title: 'Unique users an hour', color: '#2563eb' },
  { field: 'impressions', title: 'Impressions an hour', color: '#0d9488' },
  { field: 'clicks', title: 'Clicks an hour', color: '#d97706' },
];

/** The report of one hour, its end left out. */
async function readHour(url, key, start) {
  const end = (start + HOUR) * 1000 - 1;
  const response = await fetch(
    `${url}/analytics?timestamp=${String(end).padStart(13, '0')}&format=json`,
    { headers: key === undefined ? {} : { 'X-API-Key': key } },
  );
  if (response.status === 401) throw new Error(`${url} wants a key to read: set ANALYTICS_KEY`);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.json();
}

function panel({ field, title, color }, hours, index) {
  const values = hours.map((hour) => hour[field]);
  const highest = Math.max(1, ...values);
  const top = PANEL.top + index * (PANEL.height + PANEL.gap);
  const step = (WIDTH - PANEL.left - PANEL.right) / values.length;
  const bars = values.map((value, at) => {
    const height = (value / highest) * PANEL.height;
    const x = PANEL.left + at * step;
    const y = top + PANEL.height - height;
    return `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${(step * 0.8).toFixed(1)}" height="${height.toFixed(1)}"/>`;
  });
  return `<text x="${PANEL.left}" y="${top - 10}" font-weight="600">${title}</text>
<text x="${PANEL.left - 6}" y="${top + 10}" text-anchor="end">${highest}</text>
<text x="${PANEL.left - 6}" y="${top + PANEL.height}" text-anchor="end">0</text>
<g fill="${color}">${bars.join('')}</g>`;
}

/** A mark at each midnight, UTC. */
function days(from, count) {
  const step = (WIDTH - PANEL.left - PANEL.right) / count;
  const bottom = PANEL.top + SERIES.length * (PANEL.height + PANEL.gap) - PANEL.gap;
  return Array.from({ length: count }, (_, at) => from + at * HOUR)
    .filter((start) => start % (24 * HOUR) === 0)
    .map((start) => {
      const x = (PANEL.left + ((start - from) / HOUR) * step).toFixed(1);
      const day = new Date(start * 1000).toISOString().slice(0, 10);
      return `<path d="M${x} ${PANEL.top}V${bottom}" stroke="#d4d4d8"/><text x="${x}" y="${bottom + 18}">${day}</text>`;
    })
    .join('\n');
}

async function draw(from, to) {
  const count = (to - from) / HOUR;
  if (!Number.isInteger(count) || count < 1 || count > MAX_HOURS) {
    throw new Error(`FROM and TO are Unix seconds, whole hours apart, ${MAX_HOURS} at most`);
  }
  const url = process.env.ANALYTICS_URL ?? `http://127.0.0.1:${process.env.PORT ?? 8080}`;
  const key = process.env.ANALYTICS_KEY;
  const hours = [];
  for (let start = from; start < to; start += HOUR) hours.push(await readHour(url, key, start));
  const height = PANEL.top + SERIES.length * (PANEL.height + PANEL.gap);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#3f3f46">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
${days(from, count)}
${SERIES.map((series, index) => panel(series, hours, index)).join('\n')}
</svg>
`;
}

try {
  process.stdout.write(await draw(Number(process.argv[2]), Number(process.argv[3])));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
