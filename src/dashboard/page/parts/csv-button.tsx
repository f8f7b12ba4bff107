import { useState } from 'preact/hooks';
import { downloadCsv } from '../charts/download.js';

interface CsvButtonProps {
  /** Of the file, without its ending. */
  name: string;
  /** What it's of, for whoever can't see where the button is. */
  of: string;
  /** Makes the text when it's wanted. */
  csv: () => string | Promise<string>;
}

/** Downloads a table as CSV. */
export function CsvButton({ name, of, csv }: CsvButtonProps) {
  const [problem, setProblem] = useState('');
  const onClick = async (): Promise<void> => {
    try {
      downloadCsv(name, await csv());
      setProblem('');
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      {problem && <span role="alert">{problem}</span>}
      <button
        type="button"
        class="small"
        onClick={() => void onClick()}
        aria-label={`CSV of ${of}`}
      >
        CSV
      </button>
    </>
  );
}
