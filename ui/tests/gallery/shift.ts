// Sets the page's clock to the moment of the fixtures, and freezes what the window freezes.
import { NOW } from '../fixtures/fleet';

const now = Date.now.bind(Date);
const shift = NOW - now();
Date.now = () => now() + shift;
// axe itself cannot be loaded then.
if (!window.location.search.includes('axe')) Object.freeze(Object.prototype);
