// What is approved and what rules set aside, in words; nothing where there is neither.
import { Status } from '../parts/Status';
import { words } from '../words/en';

export function Marked({ approved, aside }: { approved: number; aside: number }) {
  return (
    <>
      {approved > 0 && <Status tone="ok" glyph="ok">{words.approvals.some(approved)}</Status>}
      {aside > 0 && <Status tone="mute" glyph="uns">{words.rules.asideBy(aside)}</Status>}
    </>
  );
}
