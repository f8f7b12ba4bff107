// A shop's last 60 days, the same each time but for the day that is today.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const DAYS = 60;
const VISITORS = 2_600;
const EVENTS_A_REQUEST = 2_000;
/** Visits of an hour of the day, and of a day of the week, against others. */
const BY_HOUR = [1, 1, 1, 1, 1, 2, 3, 5, 7, 8, 8, 9, 10, 9, 8, 8, 9, 10, 11, 12, 11, 8, 5, 2];
const BY_WEEKDAY = [13, 9, 9, 10, 10, 11, 14];
const PATHS = ['/', '/', '/', '/shoes', '/shoes', '/jackets', '/sale', '/sale', '/about'];
const PROMOTIONS = ['spring-sale', 'new-shoes', 'newsletter', 'free-shipping'];
const PLANS = ['basic', 'basic', 'basic', 'plus', 'plus', 'pro'];
const COUNTRIES = ['DE', 'DE', 'FR', 'NL', 'AT', 'PL', 'US'];

/** Random numbers that are the same in each run (mulberry32, by Tommy Ettinger). */
function randomBy(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Fills a server.
 *
 * @param {string} base its address
 * @param {number} now milliseconds: the days end here
 */
export async function sendDemoData(base, now) {
  const random = randomBy(7);
  const one = (list) => list[Math.floor(random() * list.length)];
  const events = { followed: [], nobodys: [] };
  const users = ['user,plan,country,name'];
  for (let visitor = 0; visitor < VISITORS; visitor += 1) {
    const asksNotTo = random() < 0.12;
    const isKnown = !asksNotTo && random() < 0.3;
    const user = isKnown ? `customer-${visitor}` : `browser-${visitor}`;
    if (isKnown) users.push(`${user},${one(PLANS)},${one(COUNTRIES)},Customer ${visitor}`);
    const who = { user, anonymous: !isKnown, source: random() < 0.7 ? 'web' : 'ios' };
    const visits = 1 + Math.floor(random() ** 3 * 9);
    // More of them lately.
    const first = random() ** 0.8 * DAYS;
    for (let visit = 0; visit < visits; visit += 1) {
      const begin = timeOfVisit(now - (DAYS - first - visit * random() * 5) * DAY);
      if (begin < now) visitEvents(who, begin, events[asksNotTo ? 'nobodys' : 'followed']);
    }
  }
  await send(base, events.followed, {});
  await send(base, events.nobodys, { 'Sec-GPC': '1' });
  await post(`${base}/analytics/users/import`, 'text/csv', users.join('\n'));
  await sendStory(base, now);

  /** Busy hours and days have more of them. */
  function timeOfVisit(around) {
    for (;;) {
      const time = around + (random() - 0.5) * DAY;
      const date = new Date(time);
      const weight = BY_HOUR[date.getUTCHours()] * BY_WEEKDAY[date.getUTCDay()];
      if (random() * 12 * 14 < weight) return Math.round(time);
    }
  }

  function visitEvents(who, begin, into) {
    let time = begin;
    const add = (event, properties) => {
      time += Math.round(2_000 + random() * 40_000);
      if (time < now) {
        into.push({ ...who, timestamp: time, event, id: `d-${into.length}`, properties });
      }
    };
    const pages = 1 + Math.floor(random() * 5);
    for (let page = 0; page < pages; page += 1) {
      const path = one(PATHS);
      add('page', { path });
      const element = one(PROMOTIONS);
      add('impression', { path, element });
      if (random() < (element === 'spring-sale' ? 0.3 : 0.12)) add('click', { path, element });
    }
    if (random() < 0.12)
      add('Product Added', { path: '/basket', price: 20 + Math.floor(random() * 90) });
    if (random() < 0.06)
      add('Order Completed', { path: '/basket', price: 20 + Math.floor(random() * 90) });
  }
}

/** One customer from the first visit on, and what can't be stored. */
async function sendStory(base, now) {
  const ago = (hours) => new Date(now - hours * HOUR).toISOString();
  const visitor = { anonymousId: 'browser-ada' };
  const user = { userId: 'ada', ...visitor };
  const calls = [
    { type: 'page', ...visitor, properties: { path: '/' }, timestamp: ago(75) },
    {
      type: 'track',
      ...visitor,
      event: 'impression',
      properties: { element: 'spring-sale' },
      timestamp: ago(74.9),
    },
    {
      type: 'track',
      ...visitor,
      event: 'click',
      properties: { element: 'spring-sale' },
      timestamp: ago(74.8),
    },
    {
      type: 'identify',
      ...user,
      traits: { name: 'Ada Lovelace', email: 'ada@example.com', plan: 'pro', country: 'FR' },
      timestamp: ago(26),
    },
    {
      type: 'group',
      ...user,
      groupId: 'analytical-engines',
      traits: { name: 'Analytical Engines' },
      timestamp: ago(26),
    },
    {
      type: 'track',
      ...user,
      event: 'Product Added',
      properties: { path: '/shoes', price: 89 },
      timestamp: ago(3),
    },
    {
      type: 'track',
      ...user,
      event: 'Order Completed',
      properties: { path: '/basket', price: 89 },
      timestamp: ago(2.9),
    },
  ];
  await postJson(`${base}/v1/batch`, {
    batch: calls.map((call, index) => Object.assign(call, { messageId: `ada-${index}` })),
  });
  await postJson(`${base}/analytics/batch`, [
    { timestamp: 'yesterday', user: 'customer-1', event: 'click' },
    { user: '', event: 'click' },
    { user: 'customer-2', event: 'signup', colour: 'green' },
  ]);
  await fetch(`${base}/analytics?user=customer-3&event=purchase`, { method: 'POST' });
}

async function send(base, events, headers) {
  for (let start = 0; start < events.length; start += EVENTS_A_REQUEST) {
    const some = events.slice(start, start + EVENTS_A_REQUEST);
    await postJson(`${base}/analytics/batch?receipts=rejected`, some, headers);
  }
}

function postJson(url, body, headers = {}) {
  return post(url, 'application/json', JSON.stringify(body), headers);
}

async function post(url, type, body, headers = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': type, ...headers },
    body,
  });
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
}
