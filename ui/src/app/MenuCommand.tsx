// One command in a menu: a plain one, one that is on or off, one of several. What cannot be done says why.
import { Menu } from '@base-ui/react/menu';
import { Check } from 'lucide-react';
import type { Command } from '../actions/command';

interface Props {
  one: Command;
  onLeave: () => void;
  /** A line above it. */
  rule?: boolean;
}

export function MenuCommand({ one, onLeave, rule }: Props) {
  const verdict = one.when();
  const { icon: Icon } = one;
  const second = verdict.able ? verdict.note : verdict.why;
  return (
    <>
      {rule === true && <Menu.Separator className="menu-rule" />}
      <Menu.Item
        className="menu-item"
        disabled={!verdict.able}
        data-testid={`menu-${one.id}`}
        onClick={() => {
          onLeave();
          one.run();
        }}
      >
        <Icon className="icon small" aria-hidden />
        <span>{one.short?.() ?? one.label()}</span>
        <span className="key">{one.keys}</span>
        {second !== null && <span className="why">{second}</span>}
      </Menu.Item>
    </>
  );
}

const MARK = <Check className="icon small" aria-hidden />;

/** Stays open: others may be tried as well. */
export function MenuSwitch({ one }: { one: Command }) {
  const verdict = one.when();
  return (
    <Menu.CheckboxItem className="menu-item" checked={one.on?.() ?? false} disabled={!verdict.able} onCheckedChange={() => one.run()} data-testid={`menu-${one.id}`}>
      <span className="mark"><Menu.CheckboxItemIndicator>{MARK}</Menu.CheckboxItemIndicator></span>
      <span>{one.label()}</span>
      <span className="key">{one.keys}</span>
      {!verdict.able && <span className="why">{verdict.why}</span>}
    </Menu.CheckboxItem>
  );
}

export function MenuChoice({ label, of }: { label: string; of: readonly Command[] }) {
  return (
    <Menu.RadioGroup aria-label={label} value={of.find((one) => one.on?.() === true)?.id ?? ''} onValueChange={(id: string) => of.find((one) => one.id === id)?.run()}>
      <div className="menu-head" aria-hidden>{label}</div>
      {of.map((one) => (
        <Menu.RadioItem key={one.id} className="menu-item" value={one.id} data-testid={`menu-${one.id}`}>
          <span className="mark"><Menu.RadioItemIndicator>{MARK}</Menu.RadioItemIndicator></span>
          <span>{one.short?.() ?? one.label()}</span>
          <span className="key">{one.keys}</span>
        </Menu.RadioItem>
      ))}
    </Menu.RadioGroup>
  );
}
