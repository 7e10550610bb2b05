// How a cluster answers, address by address.
import type { ClusterRow } from '../bindings/ClusterRow';
import type { AddressTest } from '../bindings/AddressTest';
import { rpc } from '../host';
import { useAsked } from '../live/asked';
import { ErrorNote } from '../parts/Note';
import { Status } from '../parts/Status';
import { words } from '../words/en';
import { CancelButton, Frame } from './Frame';

const text = words.cluster.test;

export function TestDialog({ row }: { row: ClusterRow }) {
  const { answer, problem, loading, again } = useAsked('', () => rpc('test_cluster', { cluster: row.id }));
  const addresses = answer?.addresses ?? [];
  const up = addresses.filter((one) => one.version !== null).length;
  const sum = up === addresses.length ? text.all(up) : up === 0 ? text.none : text.some(up, addresses.length);
  return (
    <Frame
      title={text.title}
      lead={text.lead(row.name)}
      onSubmit={again}
      hint={<span role="status" data-testid="test-sum">{loading ? text.busy : answer === null ? '' : sum}</span>}
      foot={
        <>
          <CancelButton close />
          <button type="submit" className="button primary" aria-disabled={loading} data-testid="test-again">{text.again}</button>
        </>
      }
    >
      {problem !== null && <ErrorNote error={problem} />}
      {addresses.length > 0 && <div className="card">{addresses.map((one) => <Address key={one.address} test={one} old={loading} />)}</div>}
      {answer === null && loading && <p className="small t3">{text.busy}</p>}
    </Frame>
  );
}

function Address({ test, old }: { test: AddressTest; old: boolean }) {
  return (
    <div className="address-row" data-testid={`test-${test.address}`}>
      <span className="t1 el">{test.address}</span>
      {old ? (
        <Status tone="mute" glyph="wait">{words.state.waiting}</Status>
      ) : test.version === null ? (
        <Status tone="error" glyph="unr">{text.silent}</Status>
      ) : (
        <Status tone="ok" glyph="ok">{text.answers(test.version)}</Status>
      )}
      {!old && test.problem !== null && <p className="mono t2">{test.problem}</p>}
    </div>
  );
}
