/** Requests that work as they are; where there are no events, the answers are zeros. */
export const QUERY_EXAMPLES = {
  days: {
    summary: 'Unique users of each day, beside the month before',
    value: {
      metrics: ['unique_users', 'events', 'ctr'],
      date_range: ['2026-11-01', '2026-12-01'],
      timezone: 'Europe/Berlin',
      dimensions: ['time:day'],
      compare: 'previous_period',
    },
  },
  pages: {
    summary: 'The ten pages that most people saw',
    value: {
      metrics: ['unique_users', 'impressions'],
      date_range: ['2026-11-01', '2026-12-01'],
      dimensions: ['property:path'],
      filters: [
        ['is', 'event', ['impression']],
        ['not', ['contains', 'property:path', ['/admin']]],
      ],
      order_by: [['unique_users', 'desc']],
      limit: 10,
    },
  },
  newcomers: {
    summary: 'New users and signups of each week, by source',
    value: {
      metrics: ['new_users', 'count(signup)'],
      date_range: ['2026-10-05T00:00:00Z', '2026-11-30T00:00:00Z'],
      dimensions: ['time:week', 'source'],
      fill: false,
    },
  },
};

export const FUNNEL_EXAMPLES = {
  signups: {
    summary: 'From a visit to a signup for the pro plan, within a week',
    value: {
      steps: [{ event: 'visit' }, { event: 'signup', filters: [['is', 'property:plan', ['pro']]] }],
      within: '7d',
      date_range: ['2026-11-01', '2026-12-01'],
    },
  },
};

export const RETENTION_EXAMPLES = {
  weeks: {
    summary: 'Who comes back, by the week of their first event',
    value: { period: 'week', date_range: ['2026-10-05', '2026-11-30'], timezone: 'Europe/Berlin' },
  },
  signups: {
    summary: 'Who logs in again, by the month in which they signed up',
    value: {
      cohort: 'first_event',
      cohort_filters: [['is', 'event', ['signup']]],
      period: 'month',
      date_range: ['2026-01-01', '2027-01-01'],
      filters: [['is', 'event', ['login']]],
    },
  },
};
