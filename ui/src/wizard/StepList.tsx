// The steps at the left, with the answer of each finished one under its name.
import { clsx } from 'clsx';
import { Glyph } from '../parts/Glyph';
import { words } from '../words/en';
import { STEPS, type StepName, useWizard, type Wizard } from './state';

const text = words.wizard;

export function StepList() {
  const wizard = useWizard();
  const shown = wizard.only === null ? STEPS : ([wizard.only] as const);
  const here = STEPS.indexOf(wizard.step);
  return (
    <ol className="wizard-steps" aria-label={text.label}>
      {shown.map((step, i) => {
        const now = step === wizard.step;
        const done = STEPS.indexOf(step) < here;
        const answer = done || now ? answerOf(step, wizard) : null;
        return (
          <li key={step} className={clsx('wizard-step', done && 'done')} aria-current={now ? 'step' : undefined} data-testid={`wizard-step-${step}`}>
            <Glyph name={now ? 'cur' : done ? 'ok' : 'unk'} />
            <b>{`${i + 1}. ${text.steps[step]}`}</b>
            {answer !== null && <small>{answer}</small>}
          </li>
        );
      })}
    </ol>
  );
}

function answerOf(step: StepName, wizard: Wizard): string | null {
  const { probed, check, nodes, discovery } = wizard;
  switch (step) {
    case 'address':
      return probed?.address ?? null;
    case 'certificate':
      return wizard.matches && probed !== null ? text.certificate.done(shortPrint(probed.certificate.sha256)) : null;
    case 'token':
      return wizard.secret === null ? null : wizard.tokenId;
    case 'permissions':
      return check === null ? null : text.permissions.done(check.privileges.filter((one) => one.granted).length, check.privileges.length);
    case 'access':
      return nodes.length === 0 ? null : text.access.done(nodes.filter((node) => node.saved !== null || node.before !== null).length, nodes.length);
    case 'discover':
      return discovery?.sentence ?? null;
  }
}

/** `5C:0E…B1:4A` */
const shortPrint = (print: string) => `${print.slice(0, 5)}…${print.slice(-5)}`;
