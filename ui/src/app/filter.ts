// The field that filters the fleet, as others find it.
export const FILTER_ID = 'filter';

export function focusFilter(): void {
  const field = document.getElementById(FILTER_ID);
  if (field instanceof HTMLInputElement) {
    field.focus();
    field.select();
  }
}
