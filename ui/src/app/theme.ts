// Light or dark, as the system has it, also when it changes.
export function followTheme(): void {
  const light = window.matchMedia('(prefers-color-scheme: light)');
  const show = () => {
    document.documentElement.dataset['theme'] = light.matches ? 'light' : 'dark';
  };
  show();
  light.addEventListener('change', show);
}
