/** For how long what was erased stays away. */
export abstract class PrivacyOptions {
  /** Older events of somebody who was erased are refused for so many days, 1 to 3,650. */
  abstract readonly erasureDays: number;
}

export const DEFAULT_ERASURE_DAYS = 30;
/** Ten years. */
export const MAX_ERASURE_DAYS = 3_650;
