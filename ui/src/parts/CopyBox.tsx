// A command or key to copy, whole.
import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { words } from '../words/en';
import { copyText } from './copy';

export function CopyButton({ text, testId }: { text: string; testId?: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(false), 2000);
    return () => clearTimeout(timer);
  }, [done]);
  const Icon = done ? Check : Copy;
  return (
    <button type="button" className="button ghost compact" data-testid={testId} onClick={() => void copyText(text).then(setDone)}>
      <Icon className="icon" aria-hidden />
      {done ? words.copied : words.copy}
    </button>
  );
}

export function CopyBox({ text, label, testId }: { text: string; label: string; testId?: string }) {
  return (
    <div className="code" role="group" aria-label={label}>
      <pre data-testid={testId}>{text}</pre>
      <CopyButton text={text} />
    </div>
  );
}
