// The page: look, host, live picture, window.
import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import { detect, install } from './host';
import { followLook } from './app/theme';
import './styles/app.css';

followLook();
install(await detect());
const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root');
createRoot(root).render(<App />);
