// Right in the plan: what dpkg left unfinished in a guest, and how it is ended.
import { words } from '../words/en';

const text = words.repair;

export function RepairWork({ said }: { said: string }) {
  return (
    <>
      <div className="card">
        <div className="line-row head"><span>{text.head}</span></div>
        <p className="mono small t2 p-3 whitespace-pre-wrap">{said}</p>
      </div>
      <div className="card">
        <div className="line-row head"><span>{words.plan.steps}</span></div>
        {text.list.map((step, i) => <div key={step} className="line-row grid-cols-[20px_1fr]"><span className="t3 num">{i + 1}</span><span className="t1">{step}</span></div>)}
      </div>
    </>
  );
}
