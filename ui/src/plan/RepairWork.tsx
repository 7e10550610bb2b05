// Right in the plan: what dpkg left unfinished in a guest, and how it is ended.
import { words } from '../words/en';
import { StepCard } from './StepCard';

const text = words.repair;

export function RepairWork({ said }: { said: string }) {
  return (
    <>
      <div className="card">
        <div className="line-row head"><span>{text.head}</span></div>
        <p className="mono small t2 p-3 whitespace-pre-wrap">{said}</p>
      </div>
      <StepCard steps={text.list} />
    </>
  );
}
