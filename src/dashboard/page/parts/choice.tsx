import { useId } from 'preact/hooks';

interface ChoiceProps {
  label: string;
  value: string;
  options: [value: string, text: string][];
  onChoose: (value: string) => void;
}

/** One of a few. */
export function Choice({ label, value, options, onChoose }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
