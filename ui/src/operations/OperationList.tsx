// All operations, newest first.
import { Activity } from 'lucide-react';
import { useLive } from '../live/store';
import { words } from '../words/en';
import { OperationRow } from './OperationRow';

const text = words.operations;

export function OperationList() {
  const order = useLive((live) => live.operationOrder);
  return (
    <main className="main alone" data-region="main">
      <div className="tool"><h1>{text.title}</h1></div>
      {order.length === 0 ? (
        <div className="empty">
          <Activity className="t3" size={40} strokeWidth={1.2} aria-hidden />
          <h2>{text.none}</h2>
          <p>{text.noneText}</p>
        </div>
      ) : (
        <div className="list scrolls">{order.map((id) => <OperationRow key={id} id={id} />)}</div>
      )}
    </main>
  );
}
