// The shapes of the glyphs, drawn on 16 px. Cut-outs take the colour of the surface below.

const RING = <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" strokeWidth="1.5" />;

export function GlyphShapes() {
  return (
    <svg className="sprite" aria-hidden="true">
      <symbol id="g-ok" viewBox="0 0 16 16">
        {RING}
        <path d="m5.2 8.2 2 2 3.6-4.2" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" />
      </symbol>
      <symbol id="g-upd" viewBox="0 0 16 16">
        <circle cx="8" cy="8" r="7" fill="currentColor" />
        <path d="M8 11.4V4.9M5.2 7.5 8 4.7l2.8 2.8" fill="none" stroke="var(--surface)" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" />
      </symbol>
      <symbol id="g-sec" viewBox="0 0 16 16">
        <path d="M8 .9 2.2 3v4.6c0 3.5 2.4 6.2 5.8 7.5 3.4-1.3 5.8-4 5.8-7.5V3L8 .9Z" fill="currentColor" />
        <path d="M8 4.6v3.7" stroke="var(--surface)" strokeWidth="1.7" strokeLinecap="round" />
        <circle cx="8" cy="10.9" r="1" fill="var(--surface)" />
      </symbol>
      <symbol id="g-unk" viewBox="0 0 16 16">
        <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2.6 2.31" />
      </symbol>
      <symbol id="g-unr" viewBox="0 0 16 16">
        <path d="M6 4.25H4.75a3.75 3.75 0 0 0 0 7.5H6M10 4.25h1.25a3.75 3.75 0 0 1 0 7.5H10" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
        <path d="M8 1.5v3M8 11.5v3" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
      </symbol>
      <symbol id="g-old" viewBox="0 0 16 16">
        {RING}
        <path d="M8 4.5V8l2.3 1.5" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" />
      </symbol>
      <symbol id="g-err" viewBox="0 0 16 16">
        <path d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1L5.1 1Z" fill="currentColor" />
        <path d="m5.7 5.7 4.6 4.6m0-4.6-4.6 4.6" stroke="var(--surface)" strokeWidth="1.6" strokeLinecap="round" />
      </symbol>
      <symbol id="g-uns" viewBox="0 0 16 16">
        {RING}
        <path d="M5 8h6" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
      </symbol>
      <symbol id="g-busy" viewBox="0 0 16 16">
        <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeOpacity=".28" strokeWidth="2" />
        <path d="M8 2a6 6 0 0 1 5.8 7.5" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
      </symbol>
      <symbol id="g-wait" viewBox="0 0 16 16">
        {RING}
        <circle cx="5" cy="8" r=".9" fill="currentColor" />
        <circle cx="8" cy="8" r=".9" fill="currentColor" />
        <circle cx="11" cy="8" r=".9" fill="currentColor" />
      </symbol>
      <symbol id="g-back" viewBox="0 0 16 16">
        <path d="M2 2.5v4h4" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" />
        <path d="M2.4 6.3A6 6 0 1 1 2 8.8" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
      </symbol>
      <symbol id="g-held" viewBox="0 0 16 16">
        <path d="M5.2 1.5h5.6l-.7 4.3 2.2 2.7H3.7l2.2-2.7-.7-4.3Z" fill="currentColor" stroke="currentColor" strokeLinejoin="round" />
        <path d="M8 9v5.5" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
      </symbol>
      <symbol id="g-lock" viewBox="0 0 16 16">
        <rect x="2.5" y="7" width="11" height="7.5" rx="1.5" fill="currentColor" />
        <path d="M5 7V5a3 3 0 0 1 6 0v2" fill="none" stroke="currentColor" strokeWidth="1.6" />
      </symbol>
      <symbol id="g-run" viewBox="0 0 16 16">
        <path d="M4.5 2.9v10.2a.6.6 0 0 0 .9.5l8.3-5.1a.6.6 0 0 0 0-1L5.4 2.4a.6.6 0 0 0-.9.5Z" fill="currentColor" />
      </symbol>
      <symbol id="g-stop" viewBox="0 0 16 16">
        <rect x="3" y="3" width="10" height="10" rx="1.5" fill="none" stroke="currentColor" strokeWidth="1.5" />
      </symbol>
      <symbol id="g-tmpl" viewBox="0 0 16 16">
        <rect x="5" y="1.75" width="9.25" height="9.25" rx="1.5" fill="none" stroke="currentColor" strokeWidth="1.5" />
        <path d="M11 14.25H3.25a1.5 1.5 0 0 1-1.5-1.5V5" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
      </symbol>
      <symbol id="g-cur" viewBox="0 0 16 16">
        {RING}
        <circle cx="8" cy="8" r="3" fill="currentColor" />
      </symbol>
    </svg>
  );
}
