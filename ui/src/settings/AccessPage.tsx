// The way into the LXCs of each node.
import type { NodeRow } from '../bindings/NodeRow';
import { useLive } from '../live/store';
import { Status } from '../parts/Status';
import { openAccess } from '../wizard/open';
import { wayInWords } from '../words/access';
import { words } from '../words/en';
import { Card, Row } from './parts';

const text = words.settingsPages.access;

export function AccessPage() {
  const { clusters, nodes, shape } = useLive((live) => live.fleet);
  return (
    <>
      <p className="wide t2">{shape.clusters.length === 0 ? text.empty : text.lead}</p>
      {shape.clusters.map((key) => {
        const cluster = clusters.get(key);
        if (cluster === undefined) return null;
        const all = <button type="button" className="button compact" aria-label={text.of(cluster.name, text.setUpAll)} onClick={() => openAccess(cluster.id)}>{text.setUpAll}</button>;
        return (
          <Card key={key} title={text.card(cluster.name)} aside={all} wide>
            {(shape.nodes.get(key) ?? []).map((node) => {
              const row = nodes.get(node);
              return row === undefined ? null : <Way key={node} row={row} />;
            })}
          </Card>
        );
      })}
    </>
  );
}

function Way({ row: { key, access } }: { row: NodeRow }) {
  const label = access.kind === 'ssh' ? text.change : text.setUp;
  const failed = access.kind === 'ssh' && access.error !== null;
  return (
    <Row name={<span className="medium">{key.node}</span>} hint={access.kind === 'ssh' ? `${access.address} · ${wayInWords(access.way)}` : access.kind === 'console' ? text.console : words.panel.noAccess} testId={`settings-node-${key.node}`}>
      <span className="small"><Status {...(failed ? { tone: 'error', glyph: 'err' } as const : access.kind === 'none' ? { tone: 'mute', glyph: 'unk' } as const : { tone: 'ok', glyph: 'ok' } as const)} title={failed ? (access.error ?? undefined) : undefined}>{stateOf(access.kind, failed)}</Status></span>
      <button type="button" className="button compact" aria-label={text.of(key.node, label)} onClick={() => openAccess(key.cluster, key.node)} data-testid={`settings-access-${key.node}`}>{label}</button>
    </Row>
  );
}

function stateOf(kind: NodeRow['access']['kind'], failed: boolean): string {
  if (failed) return words.operations.ended.failed;
  return kind === 'none' ? text.none : words.wizard.access.state.before;
}
