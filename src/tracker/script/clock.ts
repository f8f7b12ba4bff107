/** The time of day by the browser's clock, in ISO 8601. */
export const now = (): string => new Date().toISOString();
