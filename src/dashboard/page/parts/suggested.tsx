import { useId } from 'preact/hooks';

interface SuggestedProps {
  label: string;
  value: string;
  suggestions: readonly string[];
  /** With each letter. */
  onInput: (value: string) => void;
  /** When that's done, or one is chosen from the list: a name may begin like another. */
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
        onInput={(event) => {
          const { value: text } = event.currentTarget;
          onInput(text);
          if ((event as InputEvent).inputType === 'insertReplacementText') onDone?.(text);
        }}
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
