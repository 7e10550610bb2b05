// Which RedFlag this is, and what it is made of.
import type { AppInfo } from '../bindings/AppInfo';
import { words } from '../words/en';
import { Card, Row } from './parts';

const text = words.settingsPages.about;

export function AboutPage({ info }: { info: AppInfo | null }) {
  return (
    <Card title={text.card}>
      <Row name={text.version}><span className="num t2">{info?.version ?? words.none}</span></Row>
      <Row name={text.licence}><span className="t2">{text.licences}</span></Row>
      <Row name={text.fonts} hint={text.fontsText} />
      <Row name={text.folder} hint={<span className="mono selectable">{info?.dataDir ?? words.none}</span>} />
      {info?.demo === true && <Row name={text.demo} hint={text.demoText} testId="about-demo" />}
    </Card>
  );
}
