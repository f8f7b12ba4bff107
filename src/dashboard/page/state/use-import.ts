import { useCallback, useEffect, useState } from 'preact/hooks';
import { ApiError } from '../api/client.js';
import { importFile, type ImportOptions } from '../api/import.js';
import type { ImportAnswer } from '../api/types.js';

/** An import, which goes on while other views are looked at. */
export interface ImportState {
  /** The file's name, how much of it is sent, from 0 to 1, and what stops it. */
  running: { name: string; share: number; abort: () => void } | undefined;
  result: ImportAnswer | undefined;
  problem: ApiError | undefined;
  start: (file: File, options: ImportOptions) => Promise<void>;
  /** Of the last one. */
  forgetResult: () => void;
}

/** @param onDone is told when events were stored */
export function useImport(onDone: () => void): ImportState {
  const [running, setRunning] = useState<ImportState['running']>();
  const [result, setResult] = useState<ImportAnswer>();
  const [problem, setProblem] = useState<ApiError>();
  const isRunning = running !== undefined;
  useEffect(() => {
    if (!isRunning) return undefined;
    // The browser asks before the page is left, and the file with it.
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [isRunning]);
  const forgetResult = useCallback((): void => {
    setResult(undefined);
    setProblem(undefined);
  }, []);
  const start = useCallback(async (file: File, options: ImportOptions): Promise<void> => {
    forgetResult();
    const { name } = file;
    const { done, abort } = importFile(file, options, (share) =>
      setRunning({ name, share, abort }),
    );
    setRunning({ name, share: 0, abort });
    try {
      setResult(await done);
      onDone();
    } catch (error) {
      setProblem(error instanceof ApiError ? error : new ApiError(-1, 'error', String(error)));
    } finally {
      setRunning(undefined);
    }
  }, []);
  return { running, result, problem, start, forgetResult };
}
