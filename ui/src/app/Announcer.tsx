// Says the progress of operations to those who listen: politely and seldom; a failure at once, and once.
import { useEffect, useRef, useState } from 'react';
import type { Operation } from '../bindings/Operation';
import { useLive } from '../live/store';
import { words } from '../words/en';
import { allJobs, doneJobs, failedJobs } from '../operations/counts';

const SELDOM_MS = 10_000;

export function Announcer() {
  const operations = useLive((live) => live.operations);
  const [polite, setPolite] = useState('');
  const [urgent, setUrgent] = useState('');
  const said = useRef({ at: 0, failed: new Map<string, number>() });

  useEffect(() => {
    const { failed } = said.current;
    for (const operation of operations.values()) {
      const before = failed.get(operation.id);
      const now = failedJobs(operation.counts);
      failed.set(operation.id, now);
      if (before !== undefined && now > before) setUrgent(words.operations.spokenFailed(operation.number, nameOf(operation)));
    }
    const running = [...operations.values()].find((operation) => operation.endedAt === null);
    const now = Date.now();
    if (running === undefined || now - said.current.at < SELDOM_MS) return;
    said.current.at = now;
    setPolite(words.operations.spoken(running.number, nameOf(running), doneJobs(running.counts), allJobs(running.counts)));
  }, [operations]);

  return (
    <>
      <div className="unseen" role="status">{polite}</div>
      <div className="unseen" role="alert">{urgent}</div>
    </>
  );
}

const nameOf = (operation: Operation) => words.operations.name(operation.kind, operation.subject);
