import { useId } from 'preact/hooks';

interface SuggestedProps {
  label: string;
  value: string;
  suggestions: readonly string[];
  /** When it's typed, and when one is chosen from the list. */
  onInput: (value: string) => void;
  /** When that's done. */
  onDone?: (value: string) => void;
  placeholder?: string;
}

/** A field in which anything can be typed, and a list of what is usual. */
export function Suggested(props: SuggestedProps) {
  const { label, value, suggestions, onInput, onDone, placeholder } = props;
  const id = useId();
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="text"
        value={value}
        list={id}
        autoComplete="off"
        spellcheck={false}
        {...(placeholder !== undefined && { placeholder })}
        onInput={(event) => onInput(event.currentTarget.value)}
        onChange={(event) => onDone?.(event.currentTarget.value)}
      />
      <datalist id={id}>
        {suggestions.map((suggestion) => (
          <option key={suggestion} value={suggestion} />
        ))}
      </datalist>
    </label>
  );
}
