// Why a cluster or node is not the present, and the one thing to do about it.
import { openDialog, switchCluster } from '../clusters/state';
import type { Link } from '../bindings/Link';
import { ErrorNote, Note } from '../parts/Note';
import { words } from '../words/en';
import { timeOfDay } from '../words/format';

const text = words.cluster;

interface Props {
  link: Link;
  cluster: string;
  name: string;
  /** A node only says why; what can be done is done at its cluster. */
  node?: boolean;
}

export function LinkNote({ link, cluster, name, node }: Props) {
  const shown = note({ link, cluster, name, node });
  return shown === null ? null : <div className="mt-3">{shown}</div>;
}

function note({ link, cluster, name, node }: Props) {
  switch (link.kind) {
    case 'unknown':
    case 'online':
    case 'partly':
      return null;
    case 'disabled':
      return (
        <Note glyph="uns" testId="link-disabled" action={<Do primary onClick={() => void switchCluster(cluster, name, true)} testId="link-on">{text.actions.on}</Do>}>{text.off}</Note>
      );
    case 'unreachable': {
      const message = node === true ? words.state.unreachable : text.unreachable;
      const next = link.nextTry === null ? null : words.panel.nextTry(timeOfDay(link.nextTry));
      return <ErrorNote error={{ message, words: link.error, next: null }} more={next} testId="link-unreachable" />;
    }
    case 'refused':
      return (
        <ErrorNote error={{ message: text.refused, words: link.error, next: null }} testId="link-refused" below={<Do primary onClick={() => openDialog('rotate', cluster)} testId="link-rotate">{text.actions.rotate}</Do>} />
      );
    case 'certificateChanged':
      return (
        <ErrorNote error={{ message: text.changed, words: link.error, next: null }} testId="link-certificate" below={<Do primary onClick={() => openDialog('compare', cluster)} testId="link-compare">{text.actions.compare}</Do>} />
      );
  }
}

function Do({ children, onClick, testId, primary }: { children: string; onClick: () => void; testId: string; primary?: boolean }) {
  return <button type="button" className={primary === true ? 'button compact primary' : 'button compact'} onClick={onClick} data-testid={testId}>{children}</button>;
}
