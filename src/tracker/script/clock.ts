/** The time of day by the browser's clock, in ISO 8601: pages change what JSON makes of dates. */
export const now = (): string => new Date().toISOString();
