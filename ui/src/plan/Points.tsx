// A list in the plan: what is done or can be undone, and what cannot.
import { Status } from '../parts/Status';

export function Points({ title, points, tone, glyph }: { title: string; points: readonly string[]; tone: 'ok' | 'mute'; glyph: 'ok' | 'uns' }) {
  return (
    <div>
      <h3 className="medium mb-1">{title}</h3>
      <ul className="grid gap-1">
        {points.map((point) => (
          <li key={point} className="grid grid-cols-[14px_1fr] gap-2 t2"><span className="mt-px"><Status tone={tone} glyph={glyph}>{null}</Status></span><span>{point}</span></li>
        ))}
      </ul>
    </div>
  );
}
