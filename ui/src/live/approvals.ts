// Counts up whenever approvals or rules changed, so that lists of them are read again.
import { create } from 'zustand';
import { forgetDetails } from './details';

const useMoves = create(() => ({ moves: 0 }));

export const useApprovalMoves = (): number => useMoves(({ moves }) => moves);

export function approvalsMoved(): void {
  useMoves.setState(({ moves }) => ({ moves: moves + 1 }));
  forgetDetails();
}
