/** No more than a connection takes by itself: it always has room. */
const TINY_BYTES = 16 * 1024;
/** What requests of ordinary size hold. */
const SMALL_BYTES = 256 * 1024;

/**
 * Memory that requests share. Shares of ordinary size may fill twice the limit, so that a few giants
 * don't shut all others out, and tiny ones always have room.
 */
export class Room {
  private heldBytes = 0;

  /** @param maxBytes of all shares together */
  constructor(private readonly maxBytes: number) {}

  /** What one request holds, nothing at first. */
  share(): Share {
    let held = 0;
    return {
      hold: (bytes) => {
        this.heldBytes += bytes - held;
        held = bytes;
        return this.isEnoughFor(bytes);
      },
    };
  }

  private isEnoughFor(bytes: number): boolean {
    if (bytes <= TINY_BYTES) return true;
    return this.heldBytes <= (bytes <= SMALL_BYTES ? 2 * this.maxBytes : this.maxBytes);
  }
}

/** One request's part of a room. */
export interface Share {
  /**
   * Says how many bytes are held now, in place of those before. They count in any case.
   *
   * @returns whether there is room for them
   */
  hold(bytes: number): boolean;
}
