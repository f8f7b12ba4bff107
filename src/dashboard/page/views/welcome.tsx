import { useState } from 'preact/hooks';
import { Panel } from '../parts/panel.js';
import { ViewLink } from '../parts/view-link.js';

/** There's no event yet: how the first ones come, and then this page shows them by itself. */
export function Welcome() {
  const base = new URL('.', location.href).href.replace(/\/$/, '');
  return (
    <Panel title="No events yet">
      <p>This page waits for the first event, and fills the moment it arrives.</p>
      <h3>From a page</h3>
      <Snippet
        label="What to paste into a page"
        text={[
          `<script defer src="${base}/analytics.js"></script>`,
          '<div data-analytics-impression="promo-7">…</div>',
          '<button data-analytics-click="buy">Buy</button>',
        ].join('\n')}
      />
      <p>
        Where the server has write keys, the script needs one: <code>data-key=&quot;…&quot;</code>.
      </p>
      <h3>From a terminal</h3>
      <Snippet
        label="A command that sends a click"
        text={`curl -X POST '${base}/analytics?user=3&event=click'`}
      />
      <h3>From what there is</h3>
      <p>
        Access logs, CSV and newline-delimited JSON are taken by the{' '}
        <ViewLink to={{ view: 'import' }}>import</ViewLink>. SDKs of Segment and PostHog send events
        when they are given this server as their host, {base}. What is sent and not stored is listed
        with its reason under <ViewLink to={{ view: 'rejections' }}>rejections</ViewLink>.
      </p>
    </Panel>
  );
}

function Snippet({ label, text }: { label: string; text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <div class="snippet">
      <pre tabIndex={0} aria-label={label}>
        <code>{text}</code>
      </pre>
      {/* Pages that came by plain HTTP may not copy. */}
      {isSecureContext && (
        <button
          type="button"
          class="small"
          aria-label={`Copy: ${label}`}
          onClick={() => void copy()}
        >
          {isCopied ? 'Copied' : 'Copy'}
        </button>
      )}
    </div>
  );
}
