// Shows one scene of the gallery: `?scene=plan&theme=light`.
import './shift';
import { createRoot } from 'react-dom/client';
import { App } from '../../src/app/App';
import { install } from '../../src/host';
import { MemoryHost } from '../host';
import { SCENES } from './scenes';
import '../../src/styles/app.css';

const asked = new URLSearchParams(window.location.search);
document.documentElement.dataset['theme'] = asked.get('theme') ?? 'dark';
const host = new MemoryHost();
install(host);
const scene = SCENES[asked.get('scene') ?? 'fleet'];
scene?.before?.(host);
const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
setTimeout(() => scene?.after?.(host), 400);
if (asked.has('axe')) {
  const { default: axe } = await import('axe-core');
  setTimeout(async () => {
    const { violations } = await axe.run({ include: [document.body], exclude: ['[data-base-ui-focus-guard]'] });
    const told = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 120)} ${node.any[0]?.message ?? ''}`));
    console.log(`axe ${told.length}\n${told.slice(0, 12).join('\n')}`);
  }, 1500);
}
