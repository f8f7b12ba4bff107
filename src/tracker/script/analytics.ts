/** What a page gets. */
Object.assign(globalThis, { analytics: {} });
