/** The time of day by the browser's clock. JSON has it in ISO 8601. */
export const now = (): Date => new Date();
