/** The first number of each lock that rollups take; the second is a day, or one of these. */
export const ROLLUP_LOCKS = 1_918_849_121;

/** Days are numbered from 1970; years 1 to 9999 come nowhere near. */
export const NAMES_LOCK = 2_000_000_000;

/** Held by the process that removes what is no longer kept. */
export const RETENTION_LOCK = 2_000_000_001;
