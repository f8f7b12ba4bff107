/**
 * Waits for work no longer than it's worth. Work that comes too late goes on, and nobody hears of it.
 *
 * @param ms milliseconds
 * @param late makes the error that is thrown then
 */
export async function within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  // After the deadline nobody looks at a failure.
  work.catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
    timer.unref();
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
