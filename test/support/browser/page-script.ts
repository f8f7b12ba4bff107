import { AnalyticsBrowser } from '@segment/analytics-next';

/** What an application says to the SDK. */
export interface SdkSettings {
  apiKey: string;
  apiHost: string;
  protocol: 'http';
  deliveryStrategy?: { strategy: 'batching'; config: { size: number; timeout: number } };
}

/** The SDK as a site's own script brings it along: a page calls `start`, and has `analytics` then. */
Object.assign(globalThis, {
  start: (settings: SdkSettings) => {
    const analytics = AnalyticsBrowser.load({
      writeKey: settings.apiKey,
      cdnSettings: { integrations: { 'Segment.io': settings } },
    });
    Object.assign(globalThis, { analytics });
  },
});
