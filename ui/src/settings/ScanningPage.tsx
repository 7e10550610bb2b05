// What is asked how often, and what of it is set aside.
import { rpc } from '../host';
import { useChecking } from '../images/checking';
import { Rhythm } from '../images/Rhythm';
import { useAsked } from '../live/asked';
import { Trouble } from '../updates/Trouble';
import { RuleList } from '../updates/RuleList';
import { words } from '../words/en';
import { Card, Row } from './parts';

const text = words.settingsPages.scanning;

export function ScanningPage() {
  const asked = useAsked(String(useChecking((checking) => checking.moves)), () => rpc('images', {}));
  return (
    <>
      <Card title={text.images} wide>
        <Trouble asked={asked} testId="rhythm-error" />
        {asked.problem === null && <Row name={text.rhythm} hint={text.rhythmHint}>{asked.answer === null ? <span className="small t3" role="status">{text.reading}</span> : <span className="only-select"><Rhythm read={asked.answer} /></span>}</Row>}
      </Card>
      <Card title={text.rules} wide testId="settings-rules">
        <p className="set-lead">{text.rulesHint}</p>
        <div className="set-rules"><RuleList /></div>
      </Card>
    </>
  );
}
