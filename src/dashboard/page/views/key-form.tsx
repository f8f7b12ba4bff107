import { useState } from 'preact/hooks';
import { keepKey } from '../api/key.js';
import { Panel } from '../parts/panel.js';

interface KeyFormProps {
  /** Whether one was given before, and isn't taken. */
  isWrong: boolean;
  onGiven: () => void;
}

/** Asks for a key, where the server answers by keys alone. */
export function KeyForm({ isWrong, onGiven }: KeyFormProps) {
  const [key, setKey] = useState('');
  const give = (event: Event): void => {
    event.preventDefault();
    keepKey(key.trim());
    onGiven();
  };
  return (
    <main id="main" tabIndex={-1}>
      <h1 class="hidden">Key</h1>
      <Panel title="This server answers by keys">
        {isWrong && (
          <div class="problem" role="alert">
            <strong>The key is not known, or it was revoked.</strong>
          </div>
        )}
        <form onSubmit={give} class="key-form">
          <label>
            A key of kind read or admin
            <input
              type="password"
              autocomplete="off"
              required
              value={key}
              onInput={({ currentTarget }) => setKey(currentTarget.value)}
            />
          </label>
          <button type="submit">Open the dashboard</button>
        </form>
        <p class="quiet">
          It is kept in this tab until that is closed. On the server,{' '}
          <code>npm run keys -- create --kind read --name me</code> makes one; imports need one of
          kind admin.
        </p>
      </Panel>
    </main>
  );
}
