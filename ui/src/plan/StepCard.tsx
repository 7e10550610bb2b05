// The steps of a plan in their order, as sentences.
import { words } from '../words/en';

export function StepCard({ steps }: { steps: readonly string[] }) {
  return (
    <div className="card">
      <div className="line-row head"><span>{words.plan.steps}</span></div>
      {steps.map((step, i) => <div key={step} className="line-row grid-cols-[20px_1fr]"><span className="t3 num">{i + 1}</span><span className="t1">{step}</span></div>)}
    </div>
  );
}
